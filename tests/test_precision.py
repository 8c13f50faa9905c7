"""Mixed bfloat16 where it is fast, and nowhere else."""

import warnings

import keras
import pytest

from pano_inpaint.models import precision
from pano_inpaint.models.precision import dtype_policy, resolve_precision


@pytest.fixture
def machine(monkeypatch):
    """Pretend to be a machine with these processor flags and this oneDNN switch."""

    def pretend(flags, onednn):
        monkeypatch.setattr(precision, "_cpu_flags", lambda: set(flags))
        monkeypatch.setattr(precision, "_has_bfloat16_gpu", lambda: False)
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", onednn)

    return pretend


@pytest.mark.parametrize("flag", ["avx512_bf16", "amx_bf16"])
def test_fast_processors_train_in_bfloat16(machine, flag):
    machine({"avx2", flag}, "1")
    assert resolve_precision("auto") == resolve_precision("bfloat16") == "mixed_bfloat16"
    assert resolve_precision("float32") == "float32"


@pytest.mark.parametrize(
    ("flags", "onednn", "reason"), [({"avx2"}, "1", "AVX512-BF16"), ({"avx512_bf16"}, "0", "oneDNN")]
)
def test_slow_bfloat16_is_refused_with_the_reason(machine, flags, onednn, reason):
    machine(flags, onednn)
    with pytest.warns(UserWarning, match=reason):
        assert resolve_precision("bfloat16") == "float32"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert resolve_precision("auto") == "float32"


def test_unknown_precision_is_refused():
    with pytest.raises(ValueError, match="'half'"):
        resolve_precision("half")


def test_processor_flags_are_read(tmp_path):
    (tmp_path / "cpuinfo").write_text("model name\t: x\nflags\t\t: fpu avx2 amx_bf16\nbugs\t: none\n")
    assert precision._cpu_flags(tmp_path / "cpuinfo") == {"fpu", "avx2", "amx_bf16"}
    assert precision._cpu_flags(tmp_path / "nothing") == set()


def test_the_policy_holds_within_its_context_only():
    before = keras.config.dtype_policy().name
    with dtype_policy("mixed_bfloat16"):
        assert keras.layers.Dense(1).compute_dtype == "bfloat16"
    assert keras.config.dtype_policy().name == before
