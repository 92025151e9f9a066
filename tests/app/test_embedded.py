def test_starts(redis_url, make_database):
    assert redis_url
    assert make_database()
