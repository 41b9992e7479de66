// The same on tensor cores, TILE inputs of i at once: for groups of TILE inputs and more. Where WIDE is 4,
// K, R and size are multiples of four.
template <int WIDE>
__device__ __forceinline__ void gram_by_tensor_cores(
    const float* Q, const float* H, const float* scale, float* A, int K, int R, int G, int pairs,
    int first_group, int size) {
  __shared__ float halves[2][TILE];
  long b = blockIdx.z;
  int pair = blockIdx.y, i = 0, r0 = blockIdx.x * TILE;
  while ((i + 1) * (i + 2) / 2 <= pair) i++;
  int j = pair - i * (i + 1) / 2;
  long of_i = b * K + (first_group + i) * size, of_j = b * K + (first_group + j) * size;
  int warp = threadIdx.x / 32, row = threadIdx.x % 32 / 4, column = threadIdx.x % 4;
  int tm = warp / 2 * 64, tr = warp % 2 * 64;
  float total[8][2];
#pragma unroll
  for (int n = 0; n < 8; n++) total[n][0] = total[n][1] = 0.0f;
  int begin = (first_group + i) * size;
  for (int m0 = 0; m0 < size; m0 += TILE) {
    float sum[4][8][4];
    multiply_tile<WIDE>(
        sum, H + of_j * K, K, begin + m0, begin + size, Q + of_j * R, r0, R, size);
#pragma unroll
    for (int e = 0; e < 4; e++)
#pragma unroll
      for (int c = 0; c < 4; c++) {
        int m = m0 + tm + e / 2 * 32 + row * 4 + e % 2 * 2 + c / 2;
#pragma unroll
        for (int n = 0; n < 8; n += 4) {
          int r = r0 + tr + n * 8 + (column * 2 + c % 2) * 4;
          const float* own = Q + (of_i + m) * R + r;
          float4 four = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
          if (WIDE == 4) {
            if (m < size && r < R) four = *(const float4*)own;
          } else if (m < size) {
            if (r < R) four.x = own[0];
            if (r + 1 < R) four.y = own[1];
            if (r + 2 < R) four.z = own[2];
            if (r + 3 < R) four.w = own[3];
          }
          total[n][c % 2] += four.x * sum[e][n][c];
          total[n + 1][c % 2] += four.y * sum[e][n + 1][c];
          total[n + 2][c % 2] += four.z * sum[e][n + 2][c];
          total[n + 3][c % 2] += four.w * sum[e][n + 3][c];
        }
      }
  }
#pragma unroll
  for (int n = 0; n < 8; n++)
#pragma unroll
    for (int c = 0; c < 2; c++) {
#pragma unroll
      for (int lanes = 4; lanes < 32; lanes *= 2)
        total[n][c] += __shfl_xor_sync(~0u, total[n][c], lanes);
      if (row == 0) halves[warp / 2][tr + n / 4 * 32 + (column * 2 + c) * 4 + n % 4] = total[n][c];
    }
  __syncthreads();
  int r = r0 + threadIdx.x;
  if (r < R) {
    const float* scales = scale + (b * G + first_group) * R + r;
    A[(b * pairs + pair) * R + r] = (halves[0][threadIdx.x] + halves[1][threadIdx.x]) /
                                    scales[(long)i * R] / scales[(long)j * R];
  }
}

#define GRAM_TF32(NAME, WIDE)                                                                   \
  extern "C" __global__ void __launch_bounds__(WARPS * 32, 2) NAME(                             \
      const float* Q, const float* H, const float* scale, float* A, int K, int R, int G,        \
      int pairs, int first_group, int size) {                                                   \
    gram_by_tensor_cores<WIDE>(Q, H, scale, A, K, R, G, pairs, first_group, size);              \
  }

GRAM_TF32(gram_tf32, 1)
GRAM_TF32(gram_tf32_wide, 4)
