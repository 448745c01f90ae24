"""Objects: bytes under a key, in a folder or an S3 bucket, and files that anybody who has their link can fetch.

location        where they are: a folder, or s3://bucket/prefix
store           put, get, list, delete
durable_folder  writes to a folder that survive the loss of power
signature       links that expire and cannot be made up
secret          the key that signs them
expiring        files under such links, which are swept away when their time is over
"""
