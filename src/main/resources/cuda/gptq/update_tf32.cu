// `update` by that.
template <int WIDE, bool BOTH = false, int N = 8>
__device__ __forceinline__ void update_by_tensor_cores(
    float* C, const float* M, const float* D, int K, int R, int most, int at, int first, int count,
    int from, int to, int matrices, float by = 1.0f) {
  long b = blockIdx.z;
  int m0 = from + blockIdx.y * TILE, r0 = blockIdx.x * N * 16;
  int warp = threadIdx.x / 32, row = threadIdx.x % 32 / 4, column = threadIdx.x % 4;
  int tm = warp / 2 * 64, tr = warp % 2 * N * 8;
  float sum[4][N][4];
  multiply_tile<WIDE, BOTH, N>(
      sum, M + (b % matrices * K + first) * K, K, m0, to, D + (b * most + at) * R, r0, R, count,
      by);
  float unscaled = 1.0f / (by * by);
#pragma unroll
  for (int i = 0; i < 4; i++) {
    // N times four numbers are read before any is written, so that the reads wait together.
    float before[4][N];
#pragma unroll
    for (int c = 0; c < 4; c++) {
      int m = m0 + tm + i / 2 * 32 + row * 4 + i % 2 * 2 + c / 2;
#pragma unroll
      for (int j = 0; j < N; j += 4) {
        int r = r0 + tr + j * 8 + (column * 2 + c % 2) * 4;
        const float* own = C + (b * K + m) * R + r;
        if (WIDE == 4) {
          if (m < to && r < R) *(float4*)&before[c][j] = *(const float4*)own;
        } else {
#pragma unroll
          for (int e = 0; e < 4; e++) before[c][j + e] = m < to && r + e < R ? own[e] : 0.0f;
        }
      }
    }
#pragma unroll
    for (int c = 0; c < 4; c++) {
      int m = m0 + tm + i / 2 * 32 + row * 4 + i % 2 * 2 + c / 2;
#pragma unroll
      for (int j = 0; j < N; j += 4) {
        int r = r0 + tr + j * 8 + (column * 2 + c % 2) * 4;
        float* own = C + (b * K + m) * R + r;
        if (WIDE == 4) {
          if (m < to && r < R)
            *(float4*)own = make_float4(
                before[c][j] - sum[i][j][c] * unscaled, before[c][j + 1] - sum[i][j + 1][c] * unscaled,
                before[c][j + 2] - sum[i][j + 2][c] * unscaled,
                before[c][j + 3] - sum[i][j + 3][c] * unscaled);
        } else {
#pragma unroll
          for (int e = 0; e < 4; e++)
            if (m < to && r + e < R) own[e] = before[c][j + e] - sum[i][j + e][c] * unscaled;
        }
      }
    }
  }
}

extern "C" __global__ void __launch_bounds__(WARPS * 32, 2) update_tf32(
    float* C, const float* M, const float* D, int K, int R, int most, int at, int first, int count,
    int from, int to, int matrices) {
  update_by_tensor_cores<1>(C, M, D, K, R, most, at, first, count, from, to, matrices);
}

// Where K, R, `from` and `to` are multiples of four.
extern "C" __global__ void __launch_bounds__(WARPS * 32, 2) update_tf32_wide(
    float* C, const float* M, const float* D, int K, int R, int most, int at, int first, int count,
    int from, int to, int matrices) {
  update_by_tensor_cores<4>(C, M, D, K, R, most, at, first, count, from, to, matrices);
}

// The same of float16 and what rounding to it leaves, for float32's accuracy; by [B] brings the factors into
// its range.
extern "C" __global__ void __launch_bounds__(WARPS * 32, 2) update_split_wide(
    float* C, const float* M, const float* D, int K, int R, int most, int at, int first, int count,
    int from, int to, int matrices, const float* by) {
  update_by_tensor_cores<4, true>(
      C, M, D, K, R, most, at, first, count, from, to, matrices, by[blockIdx.z]);
}

// For no more than half a tile's outputs.
extern "C" __global__ void __launch_bounds__(WARPS * 32, 3) update_tf32_narrow(
    float* C, const float* M, const float* D, int K, int R, int most, int at, int first, int count,
    int from, int to, int matrices) {
  update_by_tensor_cores<4, false, 4>(C, M, D, K, R, most, at, first, count, from, to, matrices);
}
