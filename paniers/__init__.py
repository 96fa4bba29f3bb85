"""Weekly baskets: tariffs, subscriptions, closing, orders, vouchers and hand-out."""
