"""Settings: dataclass ← recipe ← command line."""

from dataclasses import dataclass

import pytest

from finetune.settings import RECIPES as FINETUNE_RECIPES
from finetune.settings import FinetuneSettings
from pano_inpaint.errors import FileError, UsageError
from pano_inpaint.settings import find_recipe, load_settings, parse_assignments, subset
from pretrain.settings import RECIPES as PRETRAIN_RECIPES
from pretrain.settings import PretrainSettings


@dataclass(frozen=True)
class Example:
    count: int = 1
    rate: float = 0.5
    names: tuple[str, ...] = ("a",)
    flag: bool = False
    limit: int | None = None


@dataclass(frozen=True)
class Smaller:
    rate: float = 0.0


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text('count = 2\nrate = 3\nnames = ["x", "y"]\n')
    return path


def test_the_command_line_wins_over_the_recipe(recipe):
    settings = load_settings(Example, recipe, {"count": "5", "flag": "true", "rate": None})
    assert settings == Example(5, 3.0, ("x", "y"), True)
    settings = load_settings(
        Example, recipe, {"count": "5", "flag": "true"}, {"count": None, "flag": "false"}
    )
    assert (settings.count, settings.flag) == (5, False)
    assert load_settings(Example, None, {"names": "p,q", "limit": "7"}) == Example(names=("p", "q"), limit=7)
    assert subset(Smaller, settings) == Smaller(3.0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"count": "many"}, "expected int for count, got 'many'"),
        ({"flag": "maybe"}, "expected bool for flag, got 'maybe'"),
        ({"count": True}, "expected int for count, got True"),
        ({"colour": 1}, "got colour"),
    ],
)
def test_what_does_not_fit_is_refused(given, message):
    with pytest.raises(UsageError, match=message):
        load_settings(Example, None, given)


def test_damaged_recipe_is_named(tmp_path):
    (tmp_path / "bad.toml").write_text("count = = 1")
    with pytest.raises(FileError, match=r"bad\.toml"):
        load_settings(Example, tmp_path / "bad.toml")


def test_recipes_are_found_by_name_or_path(recipe):
    assert find_recipe("recipe", recipe.parent) == recipe
    assert find_recipe(recipe, PRETRAIN_RECIPES) == recipe
    with pytest.raises(UsageError, match="glcic, small"):
        find_recipe("nothing", PRETRAIN_RECIPES)


def test_assignments():
    assert parse_assignments(["a-b=1", "c=x=y"]) == {"a_b": "1", "c": "x=y"}
    with pytest.raises(UsageError, match="KEY=VALUE, got 'a'"):
        parse_assignments(["a"])


@pytest.mark.parametrize(
    ("cls", "folder"), [(PretrainSettings, PRETRAIN_RECIPES), (FinetuneSettings, FINETUNE_RECIPES)]
)
def test_bundled_recipes_fit_their_settings(cls, folder):
    recipes = list(folder.glob("*.toml"))
    assert recipes
    for path in recipes:
        load_settings(cls, path)
