// Sums over tokens of torchscript/gram.py, moments.py and shrinkage.py whose scripts pass over their arrays several times.

// What a token counts: |p|^power.
__device__ inline float token_weight(float p, float power) {
  return power == 0.0f ? 1.0f : power == 1.0f ? fabsf(p) : power == 2.0f ? p * p : powf(fabsf(p), power);
}

__device__ inline unsigned short rounded(float x, int bfloat16) {
  if (bfloat16) {
    unsigned bits = __float_as_uint(x);
    return (unsigned short)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
  }
  unsigned short half;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(half) : "f"(x));
  return half;
}

// gram.scaled, or without weights what they are multiplied by alone, of rows start..start+n-1, a block for each: of x [T, K] those that `index` names, or
// without an index those that begin with row `begin`. out [n, K] has 16 bits.
extern "C" __global__ void scaled_rows(
    const float* x, const long* index, const float* weights, const float* shift,
    unsigned short* out, int K, long start, long begin, float power, int bfloat16) {
  long i = start + blockIdx.x;
  const float* row = x + (index == nullptr ? i - begin : index[i]) * K;
  unsigned short* to = out + (long)blockIdx.x * K;
  float factor = *shift;
  if (weights != nullptr) factor *= sqrtf(token_weight(weights[i], power));
  if (K % 4 == 0) {
    for (int k = threadIdx.x * 4; k < K; k += blockDim.x * 4) {
      float4 four = *(const float4*)(row + k);
      ushort4 both;
      both.x = rounded(four.x * factor, bfloat16);
      both.y = rounded(four.y * factor, bfloat16);
      both.z = rounded(four.z * factor, bfloat16);
      both.w = rounded(four.w * factor, bfloat16);
      *(ushort4*)(to + k) = both;
    }
  } else {
    for (int k = threadIdx.x; k < K; k += blockDim.x) to[k] = rounded(row[k] * factor, bfloat16);
  }
}

// y[index[start + i]] += weights[start + i] out[i] of a row [K] for each block. No row comes twice.
extern "C" __global__ void add_weighted(
    float* y, const float* out, const long* index, const float* weights, int K, long start) {
  long i = start + blockIdx.x;
  float* to = y + index[i] * K;
  const float* row = out + (long)blockIdx.x * K;
  float weight = weights[i];
  for (int k = threadIdx.x; k < K; k += blockDim.x) to[k] += row[k] * weight;
}

__device__ inline double summed(double x) {
#pragma unroll
  for (int offset = 16; offset > 0; offset /= 2) x += __shfl_xor_sync(~0u, x, offset);
  return x;
}

// |x|^2 of every row of x [n, K], a warp for each, into squares from `first` on.
extern "C" __global__ void row_squares(
    const float* x, double* squares, int K, long n, long first) {
  long i = ((long)blockIdx.x * blockDim.x + threadIdx.x) / 32;
  if (i >= n) return;
  double sum = 0.0;
  for (int k = threadIdx.x % 32; k < K; k += 32) {
    float value = x[i * K + k];
    sum += value * value;
  }
  sum = summed(sum);
  if (threadIdx.x % 32 == 0) squares[first + i] = sum;
}

// For shrinkage.by_noise: |S|^2 and |S - M|^2 of every H [C, K, K] with S = H / sum w, in parts of
// one block each, [C, gridDim.x, 2]. `sums` [C, 3] holds the sum of w second, M is `target` [K, K].
extern "C" __global__ void distances(
    const float* H, const float* target, const double* sums, double* parts, long size) {
  __shared__ double of_warps[2][32];
  long c = blockIdx.y;
  double own = sums[c * 3 + 1];
  float count = own > 0.0 ? (float)own : 1.0f;
  double s2 = 0.0, d2 = 0.0;
  for (long t = (long)blockIdx.x * blockDim.x + threadIdx.x; t < size;
       t += (long)gridDim.x * blockDim.x) {
    float s = H[c * size + t] / count, d = s - target[t];
    s2 += s * s;
    d2 += d * d;
  }
  s2 = summed(s2);
  d2 = summed(d2);
  int warp = threadIdx.x / 32, warps = blockDim.x / 32;
  if (threadIdx.x % 32 == 0) {
    of_warps[0][warp] = s2;
    of_warps[1][warp] = d2;
  }
  __syncthreads();
  if (threadIdx.x < 2) {
    double all = 0.0;
    for (int i = 0; i < warps; i++) all += of_warps[threadIdx.x][i];
    parts[(c * gridDim.x + blockIdx.x) * 2 + threadIdx.x] = all;
  }
}

// H [C, K, K] += part[c] of the layer's mean [K, K].
extern "C" __global__ void add_mean(float* H, const float* mean, const float* part, long size) {
  long t = (long)blockIdx.x * blockDim.x + threadIdx.x;
  if (t < size) H[blockIdx.y * size + t] += mean[t] * part[blockIdx.y];
}
