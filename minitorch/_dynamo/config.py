"""Settings of the tracer: kept and read back.  Source: torch._dynamo.config."""

accumulated_cache_size_limit = 256
allow_unspec_int_on_nn_module = False
assume_static_by_default = True
automatic_dynamic_shapes = True
cache_size_limit = 8
capture_dynamic_output_shape_ops = False
capture_scalar_outputs = False
dynamic_shapes = True
inline_inbuilt_nn_modules = True
log_level = 30
optimize_ddp = True
recompile_limit = 8
suppress_errors = False
verbose = False
