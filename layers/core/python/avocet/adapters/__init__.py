"""What answers the ports: one module for each outside system.

They import what is large (the client of AWS, the decoder, the model's runtime), which makes a few hundred thousand
objects that stay. The collector, left alone, looks through the young ones after every 700, and finds nothing: that was 6 %
of importing a prediction and making its clients. In a function, which is its process' only program, it waits for 50,000.
"""

import gc
import os

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    gc.set_threshold(50_000)
