"""A right answer in another form is converted; where that makes no sense, a reply says why."""

import numpy as np
import pytest
import torch

import snnedu as snn
from snnedu.course.form import converted, form_of, misfit, returning

X, ONE = torch.tensor([1.0, 2.0]), torch.tensor(3.0)
TAKE_ONE = "Return one of them."
OPEN = "Return what is in it."
COMMA = f"{OPEN} (A comma at the end of a line makes a tuple.)"
ONE_THING = "Your function returns a list of one thing."
CALL = "Call it: are brackets missing at its end, `()`?"
LIST_OF_2 = f"a list of 2 things. {TAKE_ONE}"


@pytest.mark.parametrize(
    ("result", "like"),
    [
        *((result, X) for result in (
            X.tolist(), tuple(X), list(X), X.numpy(), X.numpy()[::-1][::-1], X.double(), X.int(),
            [1, 2], (True, X[1]), [np.float32(1), 2.0], [X[0], 2],
        )),
        *((result, torch.ones(2, 2)) for result in ([X, X], [[1.0, 2.0], [1, 2]], (X, X.numpy()))),
        *((result, ONE) for result in (3, 3.0, np.float64(3), [3.0], X[:1] + 2, torch.tensor(3))),
        *((result, 3.0) for result in (3, ONE, ONE.numpy(), [ONE], np.float32(3), X[:1])),
        *((result, 3) for result in (3.0, ONE, np.int64(3))),
        *((result, (X, ONE)) for result in ([X, ONE], (X.numpy(), 3), [[1.0, 2.0], [3]])),
        *((result, (1.0, 2.0)) for result in (X, [1, 2], X.numpy(), tuple(X))),
        (np.str_("a"), "b"),
    ],
)  # fmt: skip
def test_a_result_is_converted(result, like):
    assert misfit(form_of(result), form_of(like)) == ""
    found = converted(result, form_of(like))
    assert form_of(found) == form_of(like)


def test_gradients_pass_through_a_conversion():
    weight = torch.ones(2, requires_grad=True)
    converted([2 * weight, weight], form_of(torch.ones(2, 2))).sum().backward()
    assert weight.grad is not None
    assert weight.grad.tolist() == [3.0, 3.0]


@pytest.mark.parametrize(
    ("result", "like", "reply"),
    [
        ((X, X), X, f"A tensor is needed. Your function returns a tuple of 2 things. {TAKE_ONE}"),
        ([X, X], ONE, f"One number is needed. Your function returns {LIST_OF_2}"),
        ((1, 2), 1, f"One number is needed. Your function returns a tuple of 2 things. {TAKE_ONE}"),
        ((X,), X, f"A tensor is needed. Your function returns a tuple of one thing. {COMMA}"),
        ([X], X, f"A tensor is needed. Your function returns a list of one thing. {OPEN}"),
        ("many", X, "A tensor is needed. Your function returns a text."),
        ({}, 1.0, "One number is needed. Your function returns a dict."),
        (X, (X, X, X), ""),  # a stack of three, perhaps: its shape tells
        ([1, 2, 3], [1, 2], ""),  # windows, for example: the comparison says what is wrong
        ([X, X, X], [X, X], "Return 2 things. Your function returns a list of 3 things."),
        ([(1, 2)], [(1, 2), (3, 4)], f"For this input, return a list of 2 things. {ONE_THING}"),
        (ONE, (X, X), "Return 2 things. Your function returns one number."),
        ((X, X, X), (X, X), "Return 2 things. Your function returns a tuple of 3 things."),
        ((X, "b"), (X, X), "A tensor is needed. Your function returns a text."),
        (X, "name", "A text is needed. Your function returns a tensor."),
        (torch.nn.ReLU(), X, "A tensor is needed. Your function returns an object of type `ReLU`."),
        (ONE.item, ONE, f"One number is needed. Your function returns a function. {CALL}"),
        (sorted, 1, f"One number is needed. Your function returns a function. {CALL}"),
        (X, torch.nn.ReLU(), "An object of type `ReLU` is needed. Your function returns a tensor."),
    ],
)  # fmt: skip
def test_a_form_that_cannot_be_converted_is_named(result, like, reply):
    assert misfit(form_of(result), form_of(like)) == reply


def test_two_widgets_have_one_form_though_each_has_a_class_of_its_own():
    one, other = (snn.lif_explorer() for _ in range(2))
    assert type(one) is not type(other)
    assert misfit(form_of(one), form_of(other)) == ""


def test_what_has_no_such_form_stays_as_it_is():
    assert returning(lambda x: x, form_of(X))("text") == "text"
    assert converted([X, ONE], form_of(X))[1] is ONE
