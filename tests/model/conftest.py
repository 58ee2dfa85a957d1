from hypothesis import HealthCheck, settings

# Deterministic, and patient with a busy machine.
settings.register_profile(
    "model", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("model")
