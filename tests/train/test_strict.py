"""The train step of every family of models under JAX's two strict settings, by tracing."""

from contextlib import ExitStack
from typing import Any

import jax
import pytest

import dl
from dl import objectives, optimizers
from dl.data.dataset import DataSpec
from dl.data.example import example_batch
from dl.train.compiled import start_training
from dl.train.step import make_eval_step, make_train_step
