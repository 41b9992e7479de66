// How groups of codes pull at each other, which refitting their scales goes by: for two groups i >= j
// of `groups` from `first_group` on, A[b, i (i + 1) / 2 + j, r] = c_i^T H_ij c_j with the codes c = Q / s
// of output r. Q [B, K, R], scale [B, G, R]. EACH x 16 inputs of i are taken at once.
template <int EACH>
__device__ __forceinline__ void gram_of_groups(
    const float* __restrict__ Q, const float* __restrict__ H, const float* __restrict__ scale,
    float* __restrict__ A, int K, int R, int G, int pairs, int first_group, int size) {
  __shared__ float left[DEPTH][EACH * 16];
  __shared__ __align__(16) float right[DEPTH][TILE];
  __shared__ float sums[16][TILE];
  long b = blockIdx.z;
  int pair = blockIdx.y, i = 0, r0 = blockIdx.x * TILE;
  while ((i + 1) * (i + 2) / 2 <= pair) i++;
  int j = pair - i * (i + 1) / 2;
  int row = threadIdx.x / 16, tr = threadIdx.x % 16 * 4;
  int lane = threadIdx.x % TILE, half = threadIdx.x / TILE;
  int of_i = (first_group + i) * size, of_j = (first_group + j) * size;
  const float* scales = scale + (b * G + first_group) * R;
  float own = r0 + lane < R ? scales[(long)j * R + r0 + lane] : 1.0f;
  float total[8];
#pragma unroll
  for (int c = 0; c < 8; c++) total[c] = 0.0f;
  for (int m0 = 0; m0 < size; m0 += EACH * 16) {
    float sum[EACH][8];
#pragma unroll
    for (int m = 0; m < EACH; m++)
#pragma unroll
      for (int c = 0; c < 8; c++) sum[m][c] = 0.0f;
    for (int start = 0; start < size; start += DEPTH) {
      for (int t = threadIdx.x; t < DEPTH * EACH * 16; t += 256) {
        int d = t / (EACH * 16), m = t % (EACH * 16);
        bool there = start + d < size && m0 + m < size;
        left[d][m] = there ? H[(b * K + of_j + start + d) * K + of_i + m0 + m] : 0.0f;
      }
#pragma unroll
      for (int d = 0; d < DEPTH; d += 2) {
        int k = start + d + half;
        bool there = k < size && r0 + lane < R;
        right[d + half][lane] = there ? Q[(b * K + of_j + k) * R + r0 + lane] / own : 0.0f;
      }
      __syncthreads();
#pragma unroll
      for (int d = 0; d < DEPTH; d++) {
        float x[EACH], y[8];
#pragma unroll
        for (int m = 0; m < EACH; m++) x[m] = left[d][m * 16 + row];
        *(float4*)&y[0] = *(const float4*)&right[d][tr];
        *(float4*)&y[4] = *(const float4*)&right[d][tr + TILE / 2];
#pragma unroll
        for (int m = 0; m < EACH; m++)
#pragma unroll
          for (int c = 0; c < 8; c++) sum[m][c] += x[m] * y[c];
      }
      __syncthreads();
    }
#pragma unroll
    for (int m = 0; m < EACH; m++) {
      int k = m0 + m * 16 + row;
#pragma unroll
      for (int c = 0; c < 8; c++) {
        int r = r0 + tr + c % 4 + c / 4 * (TILE / 2);
        if (k < size && r < R)
          total[c] += Q[(b * K + of_i + k) * R + r] / scales[(long)i * R + r] * sum[m][c];
      }
    }
  }
#pragma unroll
  for (int c = 0; c < 8; c++) sums[row][tr + c % 4 + c / 4 * (TILE / 2)] = total[c];
  __syncthreads();
  if (half == 0 && r0 + lane < R) {
    float all = 0.0f;
    for (int t = 0; t < 16; t++) all += sums[t][lane];
    A[(b * pairs + pair) * R + r0 + lane] = all;
  }
}

#define GRAM(NAME, EACH)                                                                        \
  extern "C" __global__ void __launch_bounds__(256) NAME(                                       \
      const float* Q, const float* H, const float* scale, float* A, int K, int R, int G,        \
      int pairs, int first_group, int size) {                                                   \
    gram_of_groups<EACH>(Q, H, scale, A, K, R, G, pairs, first_group, size);                    \
  }

GRAM(gram_16, 1)
GRAM(gram_32, 2)
GRAM(gram_64, 4)
GRAM(gram_128, 8)
