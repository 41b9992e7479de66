// The mean of the diagonal of every H [matrices, K, K], a block for each: [B]. Where B is a multiple of
// that, element b has matrix b % matrices.
extern "C" __global__ void mean_diagonal(const float* H, float* mean, int K, int matrices) {
  __shared__ float parts[256];
  long b = blockIdx.x % matrices;
  float sum = 0.0f;
  for (int k = threadIdx.x; k < K; k += 256) sum += H[(b * K + k) * K + k];
  parts[threadIdx.x] = sum;
  __syncthreads();
  for (int half = 128; half > 0; half /= 2) {
    if (threadIdx.x < half) parts[threadIdx.x] += parts[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) mean[blockIdx.x] = parts[0] / (float)K;
}

// H as gptq.damped gives it, damp [B] times the mean of each diagonal: twice, for it to be kept
// and to be factored, which takes no blocks above the diagonal.
extern "C" __global__ void damped(
    const float* H, const float* damp, const float* mean, float* kept, float* factored, int K,
    int matrices) {
  long b = blockIdx.z, i = blockIdx.y;
  const float* row = H + (b % matrices * K + i) * K;
  long to = (b * K + i) * K;
#pragma unroll
  for (int t = 0; t < 4; t++) {
    int j = blockIdx.x * 1024 + t * 256 + threadIdx.x;
    if (j >= K) continue;
    float x = row[j];
    if (i == j) x += damp[b] * mean[b] + (x == 0.0f ? 1.0f : 0.0f);
    kept[to + j] = x;
    if (j / BLOCK <= i / BLOCK) factored[to + j] = x;
  }
}
