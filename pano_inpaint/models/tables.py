"""The completion networks as tables: one row a convolution."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """What a completion network is made of, at width 1.

    Attributes
    ----------
    fold : int
        Side of the blocks of pixels that are folded into channels before the first convolution and
        unfolded after the last (Shi et al. 2016, section 2.2), so that none runs at full resolution.
    encoder, middle : tuple of (kernel, dilation, stride, channels)
    decoder : tuple of (channels of the transposed convolution, channels of the 3×3 one after it)
    skips : bool
        Whether the decoder is also given the encoder's features of each resolution it comes back to.
    residual : bool
        Whether each layer of the middle adds to its input (He et al. 2016).
    """

    fold: int
    encoder: tuple
    middle: tuple
    decoder: tuple
    skips: bool = False
    residual: bool = False

    @property
    def size_divisor(self):
        """What both sides of a picture must be a multiple of, in pixels."""
        return self.fold * 2 ** len(self.decoder)

    @property
    def depth(self):
        """Number of convolutions in encoder and middle."""
        return len(self.encoder) + len(self.middle)


TABLES = {
    "glcic": Table(  # Iizuka et al. 2017, table 1
        fold=1,
        encoder=(
            (5, 1, 1, 64), (3, 1, 2, 128), (3, 1, 1, 128),
            (3, 1, 2, 256), (3, 1, 1, 256), (3, 1, 1, 256),
        ),
        middle=(
            (3, 2, 1, 256), (3, 4, 1, 256), (3, 8, 1, 256), (3, 16, 1, 256),
            (3, 1, 1, 256), (3, 1, 1, 256),
        ),
        decoder=((128, 128), (64, 32)),
    ),
    "folded": Table(  # an eighth of the multiplications, the same reach
        fold=2,
        encoder=(
            (5, 1, 1, 64), (3, 1, 2, 128), (3, 1, 1, 128),
            (3, 1, 2, 256), (3, 1, 1, 256),
        ),
        middle=(
            (3, 1, 1, 256), (3, 2, 1, 256), (3, 4, 1, 256), (3, 8, 1, 256),
            (3, 1, 1, 256), (3, 2, 1, 256), (3, 4, 1, 256), (3, 1, 1, 256),
        ),
        decoder=((128, 128), (64, 64)),
        skips=True,
        residual=True,
    ),
}  # fmt: skip
