// The mean of the diagonal of every H [B, K, K], a block for each: [B].
extern "C" __global__ void mean_diagonal(const float* H, float* mean, int K) {
  __shared__ float parts[256];
  long b = blockIdx.x;
  float sum = 0.0f;
  for (int k = threadIdx.x; k < K; k += 256) sum += H[(b * K + k) * K + k];
  parts[threadIdx.x] = sum;
  __syncthreads();
  for (int half = 128; half > 0; half /= 2) {
    if (threadIdx.x < half) parts[threadIdx.x] += parts[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) mean[b] = parts[0] / (float)K;
}

// H [B, K, K] as gptq.damped gives it, damp [B] times the mean of each diagonal: twice, for it to be kept
// and to be factored.
extern "C" __global__ void damped(
    const float* H, const float* damp, const float* mean, float* kept, float* factored, int K) {
  long b = blockIdx.z, i = blockIdx.y;
  int j = blockIdx.x * blockDim.x + threadIdx.x;
  if (j >= K) return;
  long at = (b * K + i) * K + j;
  float x = H[at];
  if (i == j) x += damp[b] * mean[b] + (x == 0.0f ? 1.0f : 0.0f);
  kept[at] = x;
  factored[at] = x;
}
