"""Networks of chapter 03 beside the paper's GAN and our matcher: of other weights."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn
from torch.nn import functional as F

from fashret_utils.datasets import bench
from fashret_utils.models import InceptionResnetV1, cut, freeze_batch_norm, load_released, trunk

FACES = "weights/20180402-114759-vggface2.pt"  # released weights, in the data sets' folder


class FaceMatcher(nn.Module):
    """The paper's matching network: pictures uint8 (B, 3, 160, 160) -> (B, dim).

    **Arguments**: `dim` - of the embedding; `seed` - of its last layer; `weights` - file of the
    released weights; None for random ones.
    """

    def __init__(self, dim: int, seed: int, weights: Path | None = None) -> None:
        super().__init__()
        self.net = InceptionResnetV1(dim, seed=seed)
        if weights is not None:
            load_released(self.net, weights)

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures in grey levels -> embeddings, not yet of length 1."""
        return self.net(pictures.float() / 127.5 - 1)


class TrunkEncoder(nn.Module):
    """Ours: photos (B, 3, S, S), -1 to 1 -> codes (B, code, 1, 1), by a frozen ImageNet trunk."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.stem = freeze_batch_norm(cut(trunk("lite0"), after=10)[0])
        channels_in, height, _ = self.stem.shapes(bench.SIDE)[0]
        self.code = nn.Conv2d(channels_in, code, height, bias=False)

    def forward(self, photos: Tensor) -> Tensor:
        """Enlarge to the trunk's side, and squeeze its maps into a code."""
        side = (bench.SIDE, bench.SIDE)
        grey = 127.5 * (F.interpolate(photos, size=side, mode="bilinear") + 1)
        return self.code(self.stem.of_grey_levels(grey)[0])
