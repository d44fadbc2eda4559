#!/bin/sh
# The table of an accelerator: bash benchmarks/gpu.sh [OPTION ...]
#
# One round by default, cut to take about ten minutes, which no accelerator has timed yet. Options
# go to python -m benchmarks: --rounds 3, --json FILE, --quick.
# It needs jax with the accelerator's plugin, and PyTorch and Keras (benchmarks/requirements.txt);
# what is not installed is left out. lenet_mnist_fast needs MNIST as TFDS prepares it:
#     export TFDS_DATA_DIR=FOLDER; python -m experiments data prepare mnist
set -eu
cd "$(dirname "$0")/.."
export TF_CPP_MIN_LOG_LEVEL="${TF_CPP_MIN_LOG_LEVEL:-3}"
# JAX would take three quarters of the memory at once, and some processes start others.
export XLA_PYTHON_CLIENT_PREALLOCATE="${XLA_PYTHON_CLIENT_PREALLOCATE:-false}"
command -v nvidia-smi >/dev/null &&
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv >&2
"${PYTHON:-python}" -m benchmarks \
    lenet_epoch lenet_mnist_fast resnet_epoch resnet50_step lstm_layer lstm_cudnn translation \
    --rounds 1 --json gpu.json "$@"
