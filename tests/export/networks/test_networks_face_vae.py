import pytest
import torch

from mien_export.networks.face_vae import IMAGE_SIZE, LATENT_SIZE, WIDTHS, Decoder, FaceVae, ResidualBlock
from mien_export.onnx import MAX_BYTES
from mien_export.recipes.face_vae_export import MeanEncoder

EXPORTED_PARAMETERS = 6_000_000
BYTES_OF_BOTH_FILES = 12_000_000


@pytest.fixture(scope="module")
def model() -> FaceVae:
    with torch.random.fork_rng():
        torch.manual_seed(4)
        return FaceVae()


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_a_batch_keeps_its_shape_through_the_whole(model: FaceVae) -> None:
    images = torch.rand(2, 3, IMAGE_SIZE, IMAGE_SIZE)
    decoded, mean, log_variance = model(images)
    assert decoded.shape == images.shape
    assert mean.shape == log_variance.shape == (2, LATENT_SIZE)


def test_the_log_variance_is_bounded(model: FaceVae) -> None:
    encoder = model.encoder.eval()
    with torch.no_grad():
        encoder.log_variance.bias[:2] = torch.tensor([100.0, -100.0])
        _, log_variance = encoder(torch.rand(1, 3, IMAGE_SIZE, IMAGE_SIZE))
    assert log_variance[0, :2].tolist() == [4, -8]


def test_training_samples_around_the_mean(model: FaceVae) -> None:
    images = torch.rand(2, 3, IMAGE_SIZE, IMAGE_SIZE)
    model.eval()
    with torch.no_grad():
        one, mean, _ = model(images)
        other, same_mean, _ = model(images)
    torch.testing.assert_close(mean, same_mean)
    assert (one - other).abs().max() > 0


def test_the_served_encoder_is_the_mean_of_the_trained_one(model: FaceVae) -> None:
    images = torch.rand(2, 3, IMAGE_SIZE, IMAGE_SIZE)
    encoder = model.encoder.eval()
    with torch.no_grad():
        torch.testing.assert_close(MeanEncoder(encoder).eval()(images), encoder(images)[0])


def test_what_is_exported_fits_its_files(model: FaceVae) -> None:
    encoder, decoder = count(MeanEncoder(model.encoder)), count(model.decoder)
    assert encoder + decoder < EXPORTED_PARAMETERS
    # Half precision, and a twentieth for the small initialisers, the nodes and their names.
    assert 2 * (encoder + decoder) * 1.05 < BYTES_OF_BOTH_FILES
    assert 2 * max(encoder, decoder) * 1.05 < MAX_BYTES


@pytest.mark.parametrize("channels", WIDTHS)
def test_residual_blocks_start_as_the_identity(channels: int) -> None:
    x = torch.randn(2, channels, 4, 4)
    torch.testing.assert_close(ResidualBlock(channels)(x), torch.nn.functional.silu(x))


def test_a_residual_block_learns_all_its_weights_once_it_has_left_the_start() -> None:
    block = ResidualBlock(8)
    torch.nn.init.ones_(block.norm.weight)
    block(torch.randn(4, 8, 6, 6)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in block.parameters())


def test_a_decoder_at_its_start_is_near_grey() -> None:
    with torch.no_grad():
        image = Decoder().eval()(torch.zeros(1, LATENT_SIZE))
    assert (image - 0.5).abs().mean() < 0.3
