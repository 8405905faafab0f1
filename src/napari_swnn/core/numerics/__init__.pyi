from .device import describe_device as describe_device
from .device import pick_device as pick_device
