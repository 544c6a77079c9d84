"""From a waiting delivery to an outcome: the endpoint, its answers, quota and calendar, and the
loop that uses them."""
