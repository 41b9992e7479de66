// Powers of two by [B] that bring numbers up to the root of the largest diagonal of A [B, K, K], which are
// those of its factors, to no more than 2^14.
extern "C" __global__ void factor_shift(const float* A, float* by, int K) {
  __shared__ float parts[256];
  long b = blockIdx.x;
  float largest = 0.0f;
  for (int k = threadIdx.x; k < K; k += 256) largest = fmaxf(largest, A[(b * K + k) * K + k]);
  parts[threadIdx.x] = largest;
  __syncthreads();
  for (int half = 128; half > 0; half /= 2) {
    if (threadIdx.x < half) parts[threadIdx.x] = fmaxf(parts[threadIdx.x], parts[threadIdx.x + half]);
    __syncthreads();
  }
  int exponent = min(max(exponent_of(parts[0]), -100), 100);
  if (threadIdx.x == 0) by[b] = power_of_two(14 - (exponent + 102) / 2 + 50);
}

// Cholesky factors from the last input to the first, H = V V^T with V upper triangular. A [B, K, K] is H
// and becomes V^T, of which the part above the diagonal is left as it comes. `update` takes what the inputs
// after them have in common from BLOCK inputs from `first` on. Then these among themselves; good [B]
// becomes 0 where that is not positive definite.
extern "C" __global__ void __launch_bounds__(256) factor_block(float* A, int* good, int K, int first) {
  // A thread holds 4 x 4 numbers; only the column of the pivot goes through shared memory.
  __shared__ __align__(16) float column[2][BLOCK];
  int count = min(BLOCK, K - first);
  float* own = A + ((long)blockIdx.x * K + first) * K + first;
  int m0 = threadIdx.x / 16 * 4, r0 = threadIdx.x % 16 * 4;
  float x[4][4];
#pragma unroll
  for (int m = 0; m < 4; m++)
#pragma unroll
    for (int r = 0; r < 4; r++)
      x[m][r] = m0 + m < count && r0 + r < count ? own[(long)(m0 + m) * K + r0 + r]
                                                 : m0 + m == r0 + r ? 1.0f : 0.0f;
  bool fine = true;
#pragma unroll 1
  for (int at = 15; at >= 0; at--) {
#pragma unroll
    for (int c = 3; c >= 0; c--) {
      int i = at * 4 + c, turn = c & 1;
      // Column i of a symmetric matrix, by those threads that hold it.
      if (r0 == at * 4) {
#pragma unroll
        for (int m = 0; m < 4; m++) column[turn][m0 + m] = x[m][c];
      }
      __syncthreads();
      float pivot = column[turn][i];
      bool positive = pivot > 0.0f && pivot < INFINITE;
      fine = fine && positive;
      // One over the root but for its last bit, which a root and a division would take twice as long for.
      pivot = positive ? pivot : 1.0f;
      float one_over_root = rsqrtf(pivot);
      one_over_root = fmaf(
          0.5f * one_over_root, fmaf(-pivot * one_over_root, one_over_root, 1.0f), one_over_root);
      float root = pivot * one_over_root;
      float4 left = *(const float4*)&column[turn][m0], right = *(const float4*)&column[turn][r0];
      float l[4] = {left.x * one_over_root, left.y * one_over_root, left.z * one_over_root,
                    left.w * one_over_root};
      float k[4] = {right.x * one_over_root, right.y * one_over_root, right.z * one_over_root,
                    right.w * one_over_root};
#pragma unroll
      for (int m = 0; m < 4; m++)
#pragma unroll
        for (int r = 0; r < 4; r++)
          if (m0 + m < i && r0 + r < i) x[m][r] -= l[m] * k[r];
      if (m0 == at * 4) {
#pragma unroll
        for (int r = 0; r < 4; r++)
          if (r0 + r < i) x[c][r] = k[r];
          else if (r0 + r == i) x[c][r] = root;
      }
    }
  }
  if (threadIdx.x == 0 && !fine) good[blockIdx.x] = 0;
#pragma unroll
  for (int m = 0; m < 4; m++)
#pragma unroll
    for (int r = 0; r < 4; r++)
      if (m0 + m < count && r0 + r <= m0 + m) own[(long)(m0 + m) * K + r0 + r] = x[m][r];
}

// Then what they have of the inputs before them: a thread solves for one of these.
extern "C" __global__ void factor_panel(float* A, int K, int first) {
  __shared__ __align__(16) float v[BLOCK][BLOCK];
  __shared__ float inverse_diagonal[BLOCK];
  long b = blockIdx.y;
  int m = blockIdx.x * blockDim.x + threadIdx.x;
  int count = min(BLOCK, K - first);
  float* rows = A + (b * K + first) * K;
  if (threadIdx.x < BLOCK) {
    int i = threadIdx.x;
    inverse_diagonal[i] = i < count ? 1.0f / rows[(long)i * K + first + i] : 1.0f;
  }
  for (int t = threadIdx.x; t < BLOCK * BLOCK; t += blockDim.x) {
    int i = t / BLOCK, j = t % BLOCK;
    v[i][j] = i < count && j <= i ? rows[(long)i * K + first + j] : i == j ? 1.0f : 0.0f;
  }
  __syncthreads();
  if (m >= first) return;
  float x[BLOCK];
#pragma unroll
  for (int i = 0; i < BLOCK; i++) x[i] = i < count ? rows[(long)i * K + m] : 0.0f;
#pragma unroll
  for (int i = BLOCK - 1; i >= 0; i--) {
    x[i] *= inverse_diagonal[i];
#pragma unroll
    for (int j = 0; j < i; j += 4) {
      float4 four = *(const float4*)&v[i][j];
      x[j] -= four.x * x[i];
      if (j + 1 < i) x[j + 1] -= four.y * x[i];
      if (j + 2 < i) x[j + 2] -= four.z * x[i];
      if (j + 3 < i) x[j + 3] -= four.w * x[i];
    }
  }
#pragma unroll
  for (int i = 0; i < BLOCK; i++)
    if (i < count) rows[(long)i * K + m] = x[i];
}

// In place of the transposed V [B, K, K] of H = V V^T, above its diagonal: N with H = N D N^T and ones on
// its diagonal, which are not written.
extern "C" __global__ void unit_columns(float* V, int K) {
  __shared__ float tile[32][33];
  if (blockIdx.x > blockIdx.y) return;
  long b = blockIdx.z;
  int i0 = blockIdx.y * 32, j0 = blockIdx.x * 32, column = i0 + threadIdx.x;
  float diagonal = column < K ? V[(b * K + column) * K + column] : 1.0f;
#pragma unroll
  for (int i = threadIdx.y; i < 32; i += 8)
    if (i0 + i < K && j0 + threadIdx.x < K)
      tile[i][threadIdx.x] = V[(b * K + i0 + i) * K + j0 + threadIdx.x];
  __syncthreads();
#pragma unroll
  for (int i = threadIdx.y; i < 32; i += 8)
    if (j0 + i < column && column < K)
      V[(b * K + j0 + i) * K + column] = tile[threadIdx.x][i] / diagonal;
}
