// Rows in 16 bits, as torchscript/gram.py and attention.py make them by several passes.

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

// The larger one, or not-a-number where one is.
__device__ inline float larger(float a, float b) { return a >= b || a != a ? a : b; }

// The largest of what the threads of a block have, known to the first one.
__device__ inline float largest_of_block(float x) {
  __shared__ float of_warps[32];
#pragma unroll
  for (int offset = 16; offset > 0; offset /= 2) x = larger(x, __shfl_xor_sync(~0u, x, offset));
  __syncthreads();
  if (threadIdx.x % 32 == 0) of_warps[threadIdx.x / 32] = x;
  __syncthreads();
  if (threadIdx.x == 0)
    for (int i = 1; i < blockDim.x / 32; i++) x = larger(x, of_warps[i]);
  return x;
}

__device__ inline double summed(double x) {
#pragma unroll
  for (int offset = 16; offset > 0; offset /= 2) x += __shfl_xor_sync(~0u, x, offset);
  return x;
}

// Sum over a block, known to the first thread.
__device__ inline double sum_of_block(double x) {
  __shared__ double of_warps[32];
  x = summed(x);
  __syncthreads();
  if (threadIdx.x % 32 == 0) of_warps[threadIdx.x / 32] = x;
  __syncthreads();
  if (threadIdx.x == 0)
    for (int i = 1; i < blockDim.x / 32; i++) x += of_warps[i];
  return x;
}

__device__ inline float number(float x) { return x; }

__device__ inline float number(unsigned short half) {
  float x;
  asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(half));
  return x;
}

// Four numbers that lie side by side.
__device__ inline float4 four_of(const float* x) { return *(const float4*)x; }

__device__ inline float4 four_of(const unsigned short* x) {
  ushort4 four = *(const ushort4*)x;
  return make_float4(number(four.x), number(four.y), number(four.z), number(four.w));
}

// The largest |x| of n numbers in parts of one block each, and behind them those of what `count` weights count.
template <typename T>
__device__ void parts_of(const T* x, long n, const float* weights, long count, float power, float* parts) {
  long first = (long)blockIdx.x * blockDim.x + threadIdx.x, step = (long)gridDim.x * blockDim.x;
  float most = 0.0f;
  if (n % 4 == 0) {
    for (long i = first; i < n / 4; i += step) {
      float4 four = four_of(x + 4 * i);
      most = larger(most, larger(larger(fabsf(four.x), fabsf(four.y)), larger(fabsf(four.z), fabsf(four.w))));
    }
  } else {
    for (long i = first; i < n; i += step) most = larger(most, fabsf(number(x[i])));
  }
  most = largest_of_block(most);
  float heaviest = count == 0 ? 1.0f : 0.0f;
  for (long i = first; i < count; i += step) heaviest = larger(heaviest, token_weight(weights[i], power));
  heaviest = largest_of_block(heaviest);
  if (threadIdx.x == 0) {
    parts[blockIdx.x] = most;
    parts[gridDim.x + blockIdx.x] = heaviest;
  }
}

extern "C" __global__ void largest_parts(
    const float* x, long n, const float* weights, long count, float power, float* parts) {
  parts_of(x, n, weights, count, power, parts);
}

extern "C" __global__ void largest_parts_of_halves(
    const unsigned short* x, long n, const float* weights, long count, float power, float* parts) {
  parts_of(x, n, weights, count, power, parts);
}

// gram.shift of `count` such parts, and behind it gram.factors, or with the shift of the other factor of a product gram.product_factors. One
// block.
extern "C" __global__ void rows_shift(
    const float* parts, int count, const float* other, float* shift, int bfloat16) {
  float most = 0.0f, heaviest = 0.0f;
  for (int i = threadIdx.x; i < count; i += blockDim.x) {
    most = larger(most, parts[i]);
    heaviest = larger(heaviest, parts[count + i]);
  }
  most = largest_of_block(most);
  heaviest = largest_of_block(heaviest);
  if (threadIdx.x > 0) return;
  float by = bfloat16 ? 1.0f : exp2f(floorf(log2f(16384.0f / fmaxf(most * sqrtf(heaviest), 1e-12f))));
  shift[0] = by;
  shift[1] = 1.0f / (by * (other == nullptr ? by : *other));
  shift[2] = other == nullptr ? 1.0f : 0.0f;
}

// A row [K] times a factor, in 16 bits, by some threads.
template <typename T>
__device__ void scale(const T* row, float factor, unsigned short* to, int K, int bfloat16, int thread, int threads) {
  if (K % 4 == 0) {
#pragma unroll 4
    for (int k = thread * 4; k < K; k += threads * 4) {
      float4 four = four_of(row + k);
      ushort4 both;
      both.x = rounded(four.x * factor, bfloat16);
      both.y = rounded(four.y * factor, bfloat16);
      both.z = rounded(four.z * factor, bfloat16);
      both.w = rounded(four.w * factor, bfloat16);
      *(ushort4*)(to + k) = both;
    }
  } else {
    for (int k = thread; k < K; k += threads) to[k] = rounded(number(row[k]) * factor, bfloat16);
  }
}

// gram.scaled, or without weights what they are multiplied by alone, of rows start..start+n-1, a warp for each: of x [T, K] those that `index` names, or
// without an index those that begin with row `begin`. out [n, K] has 16 bits.
#define SCALED(NAME, T)                                                                      \
  extern "C" __global__ void NAME(                                                           \
      const T* x, const long* index, const float* weights, const float* shift,               \
      unsigned short* out, int K, long n, long start, long begin, float power, int bfloat16) { \
    long at = ((long)blockIdx.x * blockDim.x + threadIdx.x) / 32, i = start + at;            \
    if (at >= n) return;                                                                     \
    float factor = *shift;                                                                   \
    if (weights != nullptr) factor *= sqrtf(token_weight(weights[i], power));                \
    scale(x + (index == nullptr ? i - begin : index[i]) * K, factor, out + at * K, K,        \
          bfloat16, threadIdx.x % 32, 32);                                                   \
  }
SCALED(scaled_rows, float)
SCALED(scaled_halves, unsigned short)

// The same of n pairs of experts first..first+count-1, which end at bounds[first+1..first+count], a warp for each: those of expert first + c are rows of x[c] in
// their order, or those that `index` names, times shifts[c].
extern "C" __global__ void scaled_rows_of_experts(
    const float* const* x, const long* bounds, int first, int count, const long* index,
    const float* weights, const float* shifts, unsigned short* out, int K, long n, long start, float power, int bfloat16) {
  long at = ((long)blockIdx.x * blockDim.x + threadIdx.x) / 32, i = start + at;
  if (at >= n) return;
  int c = 0, end = count;
  while (end - c > 1) {
    int middle = (c + end) / 2;
    if (bounds[first + middle] <= i) c = middle;
    else end = middle;
  }
  float factor = shifts[c] * sqrtf(token_weight(weights[i], power));
  scale(x[c] + (index == nullptr ? i - bounds[first + c] : index[i]) * K, factor,
        out + at * K, K, bfloat16, threadIdx.x % 32, 32);
}

// *most = the larger one of it and of x >= 0. As bits they are in the same order, not-a-number last.
__device__ inline void raise(float* most, float x) {
  unsigned bits = __float_as_uint(x);
  if (bits > *(volatile unsigned*)most) atomicMax((unsigned*)most, bits);
}

__device__ inline float4 times(float4 a, float4 b) { return make_float4(a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w); }

// a b - c d, or with a sign a b + c d.
__device__ inline float4 turned(float4 a, float4 b, float4 c, float4 d, float sign) {
  float4 one = times(a, b), two = times(c, d);
  return make_float4(one.x + sign * two.x, one.y + sign * two.y, one.z + sign * two.z, one.w + sign * two.w);
}

__device__ inline float stored(unsigned short* to, float4 x) {
  ushort4 halves;
  halves.x = rounded(x.x, 0);
  halves.y = rounded(x.y, 0);
  halves.z = rounded(x.z, 0);
  halves.w = rounded(x.w, 0);
  *(ushort4*)to = halves;
  return larger(larger(fabsf(x.x), fabsf(x.y)), larger(fabsf(x.z), fabsf(x.w)));
}

// Four numbers of a row of projections, normalised where there is a weight.
__device__ inline float4 normalised(const float* row, const float* w, float norm, int k) {
  float4 four = four_of(row + k);
  return w == nullptr ? four : times(times(four, make_float4(norm, norm, norm, norm)), four_of(w + k));
}

// 1 / the root mean square of a row [K], by a warp.
__device__ inline float one_over_rms(const float* row, int K, float epsilon) {
  double sum = 0.0;
  if (K % 4 == 0) {
#pragma unroll 4
    for (int k = threadIdx.x % 32 * 4; k < K; k += 128) {
      float4 four = four_of(row + k);
      sum += (double)(four.x * four.x) + (double)(four.y * four.y) + (double)(four.z * four.z) + (double)(four.w * four.w);
    }
  } else {
    for (int k = threadIdx.x % 32; k < K; k += 32) sum += row[k] * row[k];
  }
  return rsqrtf((float)(summed(sum) / K) + epsilon);
}

// Heads [B, H, S, D] in float16 of projections y [rows, H D], a warp for each row: norm.rms_norm with weight w where there is one, then rope.rotate by a
// table [2, S, half]. Raises *most to the largest number.
extern "C" __global__ void turned_heads(
    const float* y, const float* w, float epsilon, const float* table, unsigned short* out, float* most,
    long rows, int heads, int D, long S, int half, int interleaved) {
  long at = ((long)blockIdx.x * blockDim.x + threadIdx.x) / 32;
  if (at >= rows) return;
  int lane = threadIdx.x % 32, K = heads * D;
  long b = at / S, s = at % S;
  const float* row = y + at * K;
  const float* cos = table + s * half;
  const float* sin = table + (S + s) * half;
  float norm = w == nullptr ? 1.0f : one_over_rms(row, K, epsilon);
  unsigned short* to = out + (b * heads * S + s) * D;
  float largest = 0.0f;
  if (D % 4 == 0 && half % 4 == 0 && !interleaved) {
    // Four pairs at once, then four of those that are not turned.
    int quads = half / 4, rest = (D - 2 * half) / 4;
#pragma unroll 2
    for (int j = lane; j < heads * quads; j += 32) {
      int head = j / quads, i = (j - head * quads) * 4, k = head * D + i;
      float4 one = normalised(row, w, norm, k), two = normalised(row, w, norm, k + half);
      float4 c = four_of(cos + i), d = four_of(sin + i);
      largest = larger(largest, stored(to + head * S * D + i, turned(one, c, two, d, -1.0f)));
      largest = larger(largest, stored(to + head * S * D + i + half, turned(two, c, one, d, 1.0f)));
    }
#pragma unroll 4
    for (int j = lane; j < heads * rest; j += 32) {
      int head = j / rest, i = 2 * half + (j - head * rest) * 4;
      largest = larger(largest, stored(to + head * S * D + i, normalised(row, w, norm, head * D + i)));
    }
  } else {
    for (int k = lane; k < K; k += 32) {
      int head = k / D, i = k % D, pair = i < half ? i : i - half;
      float value = w == nullptr ? row[k] : row[k] * norm * w[k];
      if (i < 2 * half) {
        int one = head * D + (interleaved ? 2 * pair : pair), two = one + (interleaved ? 1 : half);
        float first = w == nullptr ? row[one] : row[one] * norm * w[one];
        float second = w == nullptr ? row[two] : row[two] * norm * w[two];
        value = i < half ? first * cos[pair] - second * sin[pair] : second * cos[pair] + first * sin[pair];
      }
      largest = larger(largest, fabsf(value));
      to[head * S * D + i] = rounded(value, 0);
    }
  }
#pragma unroll
  for (int offset = 16; offset > 0; offset /= 2)
    largest = larger(largest, __shfl_xor_sync(~0u, largest, offset));
  if (lane == 0) raise(most, largest);
}

// H [C, K, K] made symmetric: blocks of `panel` rows and columns above the diagonal from those below it.
extern "C" __global__ void mirror(float* H, int K, int panel) {
  __shared__ float tile[32][33];
  int row = blockIdx.y * 32, column = blockIdx.x * 32;
  if (row / panel <= column / panel) return;
  H += (long)blockIdx.z * K * K;
  for (int i = threadIdx.y; i < 32; i += blockDim.y)
    if (row + i < K) tile[i][threadIdx.x] = H[(long)(row + i) * K + column + threadIdx.x];
  __syncthreads();
  for (int i = threadIdx.y; i < 32; i += blockDim.y)
    if (row + threadIdx.x < K) H[(long)(column + i) * K + row + threadIdx.x] = tile[threadIdx.x][i];
}
