"""Makes the files beside it but claims_too_much.parquet, which a fuzzer made: the same twenty rows by three libraries, every codec, both versions of pages.

    pip install pyarrow polars fastparquet
    python make.py
"""

import datetime
import decimal

import fastparquet
import polars
import pyarrow as pa
import pyarrow.parquet as pq

N = 20
START = datetime.datetime(2026, 1, 1)
COLUMNS = {
    "f64": pa.array([i / 8 - 1 for i in range(N)], pa.float64()),
    "f32": pa.array([i / 4 for i in range(N)], pa.float32()),
    "i8": pa.array([i - 3 for i in range(N)], pa.int8()),
    "i32": pa.array([i - 3 for i in range(N)], pa.int32()),
    "i64": pa.array([i - 3 for i in range(N)], pa.int64()),
    "u8": pa.array([255 - i for i in range(N)], pa.uint8()),
    "u32": pa.array([2**32 - 1 - i for i in range(N)], pa.uint32()),
    "u64": pa.array([2**64 - 1 - 4096 * i for i in range(N)], pa.uint64()),
    "price": pa.array([decimal.Decimal(5 * i) / 4 for i in range(N)], pa.decimal128(9, 2)),
    "flag": pa.array([i % 2 == 1 for i in range(N)], pa.bool_()),
    "gap": pa.array([None if i % 5 == 2 else float("nan") if i % 5 == 3 else float(i) for i in range(N)]),
    "name": pa.array([None if i == 7 else f"group {i // 5}" for i in range(N)], pa.string()),
    "when": pa.array([START + datetime.timedelta(hours=i) for i in range(N)], pa.timestamp("us")),
    "list": pa.array([[i, i] for i in range(N)], pa.list_(pa.int64())),
    "inner": pa.array([{"a": i} for i in range(N)], pa.struct([("a", pa.int64())])),
}
TABLE = pa.table(COLUMNS)
SIMPLE = TABLE.select(["f64", "i64", "gap", "name"])

pq.write_table(TABLE, "pyarrow_snappy.parquet", row_group_size=8, store_decimal_as_integer=True)
for codec in ["none", "gzip", "lz4", "zstd", "brotli"]:
    pq.write_table(SIMPLE, f"pyarrow_{codec}.parquet", compression=codec, data_page_version="2.0")
pq.write_table(SIMPLE, "pyarrow_delta.parquet", use_dictionary=False, column_encoding={
    "f64": "BYTE_STREAM_SPLIT", "i64": "DELTA_BINARY_PACKED", "gap": "PLAIN", "name": "DELTA_BYTE_ARRAY"})
polars.from_arrow(SIMPLE).write_parquet("polars.parquet", row_group_size=7)
fastparquet.write("fastparquet.parquet", SIMPLE.to_pandas(), row_group_offsets=[0, 9])
