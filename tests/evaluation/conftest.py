from hypothesis import settings

# a busy machine is no fault of the code, so no example has a deadline
settings.register_profile("evaluation", deadline=None, max_examples=60)
settings.load_profile("evaluation")
