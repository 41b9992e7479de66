// N [B, K, K] with H = N D N^T and ones on its diagonal, of the transposed V [B, K, K] of H = V V^T. What is
// below the diagonal of N is nothing that is read.
extern "C" __global__ void unit_columns(const float* V, float* N, int K) {
  __shared__ float tile[32][33];
  if (blockIdx.x > blockIdx.y) return;
  long b = blockIdx.z;
  int i0 = blockIdx.y * 32, j0 = blockIdx.x * 32;
  for (int i = threadIdx.y; i < 32; i += 8) {
    int row = i0 + i, column = j0 + threadIdx.x;
    if (row < K && column < K)
      tile[i][threadIdx.x] = V[(b * K + row) * K + column] / V[(b * K + row) * K + row];
  }
  __syncthreads();
  for (int i = threadIdx.y; i < 32; i += 8) {
    int row = j0 + i, column = i0 + threadIdx.x;
    if (row < K && column < K) N[(b * K + row) * K + column] = tile[threadIdx.x][i];
  }
}
