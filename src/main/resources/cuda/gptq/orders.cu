// Rows of X [B, K, R] in the order of each element, [B, K].
extern "C" __global__ void reorder_rows(
    const float* __restrict__ X, const int* __restrict__ order, float* __restrict__ result, int K, int R) {
  long b = blockIdx.z, k = blockIdx.y;
  const float* from = X + (b * K + order[b * K + k]) * R;
  float* to = result + (b * K + k) * R;
#pragma unroll 4
  for (int r = blockIdx.x * 1024 + threadIdx.x; r < min(R, ((int)blockIdx.x + 1) * 1024); r += 256)
    to[r] = from[r];
}

// Rows and columns of H [matrices, K, K] in that order. A row is read as it lies where shared memory
// holds it.
#define ROW 8192
extern "C" __global__ void __launch_bounds__(256) reorder_both_ways(
    const float* __restrict__ H, const int* __restrict__ order, float* __restrict__ result, int K,
    int matrices) {
  __shared__ float row[ROW];
  long b = blockIdx.y, k = blockIdx.x;
  const int* own = order + b * K;
  const float* from = H + (b % matrices * K + own[k]) * K;
  float* to = result + (b * K + k) * K;
  bool held = K <= ROW;
#pragma unroll 8
  for (int j = threadIdx.x; held && j < K; j += 256) row[j] = from[j];
  __syncthreads();
#pragma unroll 8
  for (int j = threadIdx.x; j < K; j += 256) to[j] = held ? row[own[j]] : from[own[j]];
}
