"""The architectures, one in a file: each function here builds a `Model`."""

from dl.models.acoustic import acoustic_model, spoken_word_model
from dl.models.alexnet import alexnet
from dl.models.alphago import policy_net, rollout_policy, value_net
from dl.models.autoencoder import autoencoder, conv_autoencoder
from dl.models.belief_net import belief_net
from dl.models.board_net import board_net
from dl.models.captioner import captioner
from dl.models.committee import committee
from dl.models.earlier_selves import with_earlier_selves
from dl.models.encoder_decoder import encoder_decoder
from dl.models.fold_in import fold_in
from dl.models.from_functions import from_functions
from dl.models.from_nnx import from_nnx
from dl.models.functional import from_linen
from dl.models.googlenet import googlenet
from dl.models.lenet import lenet, lenet5
from dl.models.mlp import mlp
from dl.models.nin import nin
from dl.models.perceptron import logistic_regression, perceptron, softmax_regression, threshold
from dl.models.permuted import permuted
from dl.models.ratings import factorisation, neural_factorisation, rating_biases
from dl.models.recurrent import language_model, sequence_model, step_model
from dl.models.resnet import cifar_resnet, resnet
from dl.models.text_encoder import text_encoder
from dl.models.trace import trace_layers
from dl.models.two_tower import two_tower
from dl.models.unnormalised import unnormalised
from dl.models.vgg import vgg
from dl.models.views import averaged

__all__ = [
    "acoustic_model",
    "alexnet",
    "autoencoder",
    "averaged",
    "belief_net",
    "board_net",
    "captioner",
    "cifar_resnet",
    "committee",
    "conv_autoencoder",
    "encoder_decoder",
    "factorisation",
    "fold_in",
    "from_functions",
    "from_linen",
    "from_nnx",
    "googlenet",
    "language_model",
    "lenet",
    "lenet5",
    "logistic_regression",
    "mlp",
    "neural_factorisation",
    "nin",
    "perceptron",
    "permuted",
    "policy_net",
    "rating_biases",
    "resnet",
    "rollout_policy",
    "sequence_model",
    "softmax_regression",
    "spoken_word_model",
    "step_model",
    "text_encoder",
    "threshold",
    "trace_layers",
    "two_tower",
    "unnormalised",
    "value_net",
    "vgg",
    "with_earlier_selves",
]
