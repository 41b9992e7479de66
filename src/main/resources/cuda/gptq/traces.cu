// - sum of E times P over all of each element [size], a block for each: [B].
extern "C" __global__ void negative_traces(const float* E, const float* P, float* traces, long size) {
  __shared__ double parts[1024];
  long b = blockIdx.x;
  double sum = 0.0;
#pragma unroll 8
  for (long i = threadIdx.x; i < size; i += 1024) sum += (double)(E[b * size + i] * P[b * size + i]);
  parts[threadIdx.x] = sum;
  __syncthreads();
  for (int half = 512; half > 0; half /= 2) {
    if (threadIdx.x < half) parts[threadIdx.x] += parts[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) traces[b] = (float)-parts[0];
}
