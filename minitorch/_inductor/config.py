"""Settings of the code generator: kept and read back.  Source: torch._inductor.config."""

from types import SimpleNamespace

aggressive_fusion = False
benchmark_kernel = False
coordinate_descent_check_all_directions = False
coordinate_descent_tuning = False
debug = False
epilogue_fusion = True
force_fuse_int_mm_with_mul = False
fx_graph_cache = True
max_autotune = False
max_autotune_gemm = False
pattern_matcher = True
post_grad_custom_post_pass = None
shape_padding = True
use_mixed_mm = False

cpp = SimpleNamespace(enable_kernel_profile=False, threads=-1, simdlen=None)
triton = SimpleNamespace(cudagraphs=False, unique_kernel_names=True)
