from .finding import Finding as Finding
from .finding import Report as Report
from .gradient import gradient as gradient
from .initial_loss import initial_loss as initial_loss
from .subject import Subject as Subject
