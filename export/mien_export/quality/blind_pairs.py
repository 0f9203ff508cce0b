"""Pictures of several methods and blind pairs of two of them, in one folder for somebody who trained nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2

from mien_export.quality.prefer import write_pairs
from mien_service.faces.face import RgbImage

PACK = "stylegan"
"""Its portraits are sharp, as a phone's are: what is invented is seen."""

PEOPLE = 60


@dataclass(frozen=True)
class Blind:
    """A folder of pictures (`pictures`, a folder for each method), of pairs (`pairs`) and of their keys (`keys`).

    inputs: the method whose pictures stand at the left of every pair, the photo as it is.
    """

    folder: Path
    inputs: str

    def pictures(self, method: str) -> Path:
        """Return the folder of a method's pictures."""
        return self.folder / "pictures" / slug(method)

    def write_pictures(self, pictures: Mapping[str, Iterable[RgbImage | None]]) -> None:
        """Write every method's pictures, in the order of their faces, under the face's number; None has no picture."""
        for method, made in pictures.items():
            for i, picture in enumerate(made):
                if picture is not None:
                    write_picture(self.pictures(method) / f"{i:03d}.png", picture)

    def write_pairs(self, ours: str, other: str, name: str, *, seed: int = 0) -> None:
        """Write and announce the pairs of two methods' pictures, under a name; seed: of the order and of the sides.

        Raises ValueError where pairs of that name lie there already.
        """
        key, pairs = self.folder / "keys" / f"{name}.csv", self.folder / "pairs" / name
        pictures = self.pictures(ours), self.pictures(other)
        count = write_pairs(*pictures, pairs, key, inputs=self.pictures(self.inputs), seed=seed)
        print(f"{count} pairs of {ours} and {other} in {pairs}")


def write_picture(file: Path, picture: RgbImage) -> None:
    """Write an RGB picture, making its folder. Raises OSError where that fails."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(file), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)):
        raise OSError(f"{file} cannot be written")


def slug(name: str) -> str:
    """Return a method's name as that of a folder."""
    return "_".join("".join(letter for letter in name.lower() if letter.isalnum() or letter == " ").split())
