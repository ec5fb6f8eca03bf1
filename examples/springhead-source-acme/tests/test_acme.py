from springhead.testing import fixtures

test_fixtures = fixtures("springhead_source_acme")
