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

__device__ inline unsigned short to_half(float x) {
  unsigned short half;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(half) : "f"(x));
  return half;
}

__device__ inline float from_half(unsigned short half) {
  float x;
  asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(half));
  return x;
}

// X - Y, or X without Y, times a power of two as float16; `count` is a multiple of four.
extern "C" __global__ void halves(
    const float* __restrict__ X, const float* __restrict__ Y, const float* __restrict__ shift,
    ushort4* __restrict__ result, long count) {
  long at = (long)blockIdx.x * 256 + threadIdx.x;
  if (at * 4 >= count) return;
  float by = *shift;
  float4 x = ((const float4*)X)[at];
  float4 y = Y == nullptr ? make_float4(0.0f, 0.0f, 0.0f, 0.0f) : ((const float4*)Y)[at];
  result[at] = make_ushort4(
      to_half((x.x - y.x) * by), to_half((x.y - y.y) * by), to_half((x.z - y.z) * by),
      to_half((x.w - y.w) * by));
}

// Sum of E times P over the inputs of each output, both [B, K, R], into sums [B, all] from `first` on. With
// a shift E are float16 times that. A block takes 128 outputs, and each row of its threads every fourth
// input of them.
extern "C" __global__ void __launch_bounds__(512) sums_of_outputs(
    const void* __restrict__ E, const float* __restrict__ shift, const float* __restrict__ P,
    float* __restrict__ sums, int K, int R, int all, int first) {
  __shared__ float parts[4][128];
  long b = blockIdx.y;
  int r = blockIdx.x * 128 + threadIdx.x;
  float sum = 0.0f;
  if (r < R) {
#pragma unroll 8
    for (int k = threadIdx.y; k < K; k += 4) {
      long at = (b * K + k) * R + r;
      float e = shift == nullptr ? ((const float*)E)[at] : from_half(((const unsigned short*)E)[at]);
      sum += e * P[at];
    }
  }
  parts[threadIdx.y][threadIdx.x] = shift == nullptr ? sum : sum / *shift;
  __syncthreads();
  if (threadIdx.y == 0 && r < R)
    sums[b * all + first + r] = parts[0][threadIdx.x] + parts[1][threadIdx.x] + parts[2][threadIdx.x] +
                                parts[3][threadIdx.x];
}
