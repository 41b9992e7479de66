// C[b, m, r] -= sum over j < count of M[b, first + j, m] D[b, at + j, r] for from <= m < to: C [B, K, R],
// M [matrices, K, K], of which element b has matrix b % matrices, D [B, most, R]. Every element is summed in
// the same order whatever the batch.
__device__ __forceinline__ void subtract_product(
    float* C, const float* M, const float* D, int K, int R, int most, int at, int first, int count,
    int from, int to, int matrices) {
  __shared__ float left[DEPTH][TILE];
  __shared__ float right[DEPTH][TILE];
  long b = blockIdx.z;
  int m0 = from + blockIdx.y * TILE, r0 = blockIdx.x * TILE;
  int tm = threadIdx.x / 16 * 4, tr = threadIdx.x % 16 * 4;
  float sum[8][8];
#pragma unroll
  for (int i = 0; i < 8; i++)
#pragma unroll
    for (int j = 0; j < 8; j++) sum[i][j] = 0.0f;
  const float* rows = M + (b % matrices * K + first) * K;
  const float* moves = D + (b * most + at) * R;
  int lane = threadIdx.x % TILE, half = threadIdx.x / TILE;
  for (int start = 0; start < count; start += DEPTH) {
#pragma unroll
    for (int d = 0; d < DEPTH; d += 2) {
      int j = start + d + half;
      left[d + half][lane] = j < count && m0 + lane < to ? rows[(long)j * K + m0 + lane] : 0.0f;
      right[d + half][lane] = j < count && r0 + lane < R ? moves[(long)j * R + r0 + lane] : 0.0f;
    }
    __syncthreads();
#pragma unroll
    for (int d = 0; d < DEPTH; d++) {
      float x[8], y[8];
      *(float4*)&x[0] = *(const float4*)&left[d][tm];
      *(float4*)&x[4] = *(const float4*)&left[d][tm + TILE / 2];
      *(float4*)&y[0] = *(const float4*)&right[d][tr];
      *(float4*)&y[4] = *(const float4*)&right[d][tr + TILE / 2];
#pragma unroll
      for (int i = 0; i < 8; i++)
#pragma unroll
        for (int j = 0; j < 8; j++) sum[i][j] += x[i] * y[j];
    }
    __syncthreads();
  }
#pragma unroll
  for (int i = 0; i < 8; i++) {
    int m = m0 + tm + i % 4 + i / 4 * (TILE / 2);
    if (m >= to) continue;
    // All of a row is read before any of it is written, so that the reads wait together.
    float before[8];
#pragma unroll
    for (int j = 0; j < 8; j++) {
      int r = r0 + tr + j % 4 + j / 4 * (TILE / 2);
      before[j] = r < R ? C[(b * K + m) * R + r] : 0.0f;
    }
#pragma unroll
    for (int j = 0; j < 8; j++) {
      int r = r0 + tr + j % 4 + j / 4 * (TILE / 2);
      if (r < R) C[(b * K + m) * R + r] = before[j] - sum[i][j];
    }
  }
}

extern "C" __global__ void __launch_bounds__(256) update(
    float* C, const float* M, const float* D, int K, int R, int most, int at, int first, int count,
    int from, int to, int matrices) {
  subtract_product(C, M, D, K, R, most, at, first, count, from, to, matrices);
}
