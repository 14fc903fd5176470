"""Studio photos of garments by Magento, some from several sides, and street pictures of them."""
