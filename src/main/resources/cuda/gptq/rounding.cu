// What format.quantize takes from all weights, W and E [B, K, R], of eight inputs for each thread; with a
// shift E are float16 times that.
extern "C" __global__ void rounding_error(
    const float* W, const float* scale, const float* zero, const int* group, void* E,
    const float* shift, int K, int R, int G, Grid grid) {
  long b = blockIdx.z;
  int first = blockIdx.y * 8, r = blockIdx.x * blockDim.x + threadIdx.x;
  if (r >= R) return;
  float by = shift == nullptr ? 1.0f : *shift;
#pragma unroll
  for (int i = 0; i < 8; i++) {
    int k = first + i;
    if (k >= K) continue;
    long at = (b * K + k) * R + r, of = (b * G + group[b * K + k]) * R + r;
    float w = W[at], s = scale[of];
    float e = w - quantize(w, s, inverse(s), SYMMETRIC ? 0.0f : zero[of], grid);
    if (shift == nullptr) ((float*)E)[at] = e;
    else ((unsigned short*)E)[at] = to_half(e * by);
  }
}

// Rows of W [B, all, K] from `first` on, transposed: [B, K, R].
extern "C" __global__ void transposed(
    const float* __restrict__ W, float* __restrict__ result, int K, int R, int all, int first) {
  __shared__ float tile[32][33];
  long b = blockIdx.z;
  int k0 = blockIdx.y * 32, r0 = blockIdx.x * 32;
#pragma unroll
  for (int i = threadIdx.y; i < 32; i += 8)
    if (r0 + i < R && k0 + threadIdx.x < K)
      tile[i][threadIdx.x] = W[(b * all + first + r0 + i) * K + k0 + threadIdx.x];
  __syncthreads();
#pragma unroll
  for (int i = threadIdx.y; i < 32; i += 8)
    if (k0 + i < K && r0 + threadIdx.x < R)
      result[(b * K + k0 + i) * R + r0 + threadIdx.x] = tile[threadIdx.x][i];
}

__device__ inline unsigned char encode(float value, const Grid& grid) {
#if FLOATING
  float magnitude = fabsf(value);
  int exponent = max(exponent_of(magnitude), grid.least_exponent);
  int steps = (int)rintf(magnitude * power_of_two(grid.mantissa_bits - exponent));
  int code = steps == 0 ? 0 : steps + ((exponent - grid.least_exponent) << grid.mantissa_bits);
  int sign = (int)(__float_as_uint(value) >> 31) << (grid.mantissa_bits + grid.exponent_bits);
  return (unsigned char)(code + sign);
#else
  return (unsigned char)(value - grid.least);
#endif
}

// Weights Q [B, K, R] in the inputs' own order, as they are stored: weight and codes [B, R, K]. A block takes
// 128 inputs of 32 outputs, and a thread four inputs at once where K is a multiple of four.
extern "C" __global__ void __launch_bounds__(256) store(
    const float* __restrict__ Q, const float* __restrict__ scale, const float* __restrict__ zero,
    float* __restrict__ weight, unsigned char* __restrict__ codes, int K, int R, int G, long element,
    int row, Grid grid) {
  __shared__ __align__(16) float values[32][132];
  __shared__ __align__(4) unsigned char coded[32][132];
  long b = blockIdx.z;
  int k0 = blockIdx.y * 128, r0 = blockIdx.x * 32, r = r0 + threadIdx.x;
#pragma unroll 4
  for (int i = threadIdx.y; i < 128; i += 8) {
    int k = k0 + i;
    if (k < K && r < R) {
      float q = Q[(b * K + k) * R + r];
      long of = (b * G + k / grid.group_size) * R + r;
      float v = q / scale[of];
      values[threadIdx.x][i] = q;
      // Adding makes zeros positive, as in format.codes.
      coded[threadIdx.x][i] = encode(round_to_grid(v + (SYMMETRIC ? 0.0f : zero[of]), grid), grid);
    }
  }
  __syncthreads();
  for (int i = threadIdx.y; i < 32 && r0 + i < R; i += 8) {
    int k = threadIdx.x * 4;
    long at = b * element + ((long)row + r0 + i) * K + k0 + k;
    if (K % 4 == 0) {
      if (k0 + k < K) {
        *(float4*)&weight[at] = *(const float4*)&values[i][k];
        *(uchar4*)&codes[at] = *(const uchar4*)&coded[i][k];
      }
    } else {
      for (int e = 0; e < 4 && k0 + k + e < K; e++) {
        weight[at + e] = values[i][k + e];
        codes[at + e] = coded[i][k + e];
      }
    }
  }
}
