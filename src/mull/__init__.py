"""mull: run, steer, check, measure, train and serve models that think before they answer."""
