"""What each substance is associated with on a face, as signs at severity 1.

Signs are those of published medical descriptions of adults; how strong each is drawn is chosen here, so that a face
looks like one with years of use. It is an illustration: nobody's future is computed.

smoking: Model 1985, "Smoker's face: an underrated clinical sign?" (BMJ 291: lines around lips and eyes, gauntness, grey
    skin); Ernster et al. 1995, "Facial wrinkling in men and women, by smoking status" (Am J Public Health 85); Okada et
    al. 2013, "Facial changes caused by smoking" (Plast Reconstr Surg 132: twins; lower lids, nasolabial folds, lips);
    Alkhatib et al. 2005 (BMC Oral Health 5: stained teeth).
alcohol: Smith & Fenske 2000, "Cutaneous manifestations of alcohol abuse" (J Am Acad Dermatol 43: flushing, small
    vessels, jaundice); Goodman et al. 2019, "Impact of smoking and alcohol use on facial aging in women" (J Clin
    Aesthet Dermatol 12: lines of the upper face, puffiness under the eyes, vessels).
drugs: Hennings & Miller 2013, "Illicit drugs: what dermatologists need to know" (J Am Acad Dermatol 69: picked sores,
    pallor, dry lips); of stimulants above all.
"""

from enum import StrEnum
from types import MappingProxyType

from mien_service.faces.skin.signs import Signs


class Substance(StrEnum):
    """What signs are shown of."""

    SMOKING = "smoking"
    ALCOHOL = "alcohol"
    DRUGS = "drugs"


SIGNS = MappingProxyType(
    {
        Substance.SMOKING: Signs(
            tone=(-6.0, -1.0, 3.2),
            mottled=0.28,
            under_eye=(-6.0, 1.0, 0.5),
            lips=(-5.0, -5.0, -1.0),
            sclera=(-4.0, 1.5, 5.0),
            teeth=(-10.0, 2.0, 16.0),
            wrinkles=(
                ("forehead", 1.0),
                ("glabella", 0.9),
                ("crows_feet", 1.2),
                ("under_eye", 1.1),
                ("nasolabial", 1.1),
                ("marionette", 1.0),
                ("lips", 1.3),
                ("cheeks", 0.7),
                ("chin", 0.5),
                ("nose", 0.6),
            ),
            crepe=2.7,
            roughness=0.2,
            hollow=0.45,
            temples=0.3,
            bags=0.25,
        ),
        Substance.ALCOHOL: Signs(
            tone=(-5.0, 2.2, 0.6),
            mottled=0.3,
            flush=(-2.0, 4.6, 0.6),
            under_eye=(-4.5, 2.0, -0.5),
            lips=(-3.0, -2.0, -1.0),
            sclera=(-4.0, 7.0, 6.0),
            vessels=0.75,
            wrinkles=(
                ("forehead", 0.8),
                ("glabella", 0.7),
                ("crows_feet", 0.7),
                ("under_eye", 0.8),
                ("nasolabial", 0.8),
                ("marionette", 0.6),
                ("cheeks", 0.4),
                ("nose", 0.5),
            ),
            crepe=1.2,
            roughness=0.65,
            bags=1.0,
            droop=0.5,
        ),
        Substance.DRUGS: Signs(
            tone=(-5.5, -1.2, 0.8),
            mottled=0.3,
            under_eye=(-9.5, 2.2, -2.0),
            lips=(-3.0, -7.0, -2.0),
            sclera=(-4.0, 6.0, 3.0),
            teeth=(-14.0, 2.0, 9.0),
            blotch=(-9.0, 13.5, 4.5),
            wrinkles=(
                ("forehead", 0.5),
                ("glabella", 0.6),
                ("crows_feet", 0.5),
                ("under_eye", 0.8),
                ("nasolabial", 0.85),
                ("marionette", 0.7),
                ("cheeks", 0.55),
                ("chin", 0.5),
            ),
            crepe=1.3,
            roughness=0.55,
            hollow=1.0,
            temples=1.0,
            bags=0.3,
            droop=1.0,
        ),
    }
)
"""The signs of each substance."""
