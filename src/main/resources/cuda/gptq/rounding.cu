// format.quantize of all weights, W and Q [B, K, R].
extern "C" __global__ void nearest(
    const float* W, const float* scale, const float* zero, const int* group, float* Q, int K,
    int R, int G, Grid grid) {
  long b = blockIdx.z, k = blockIdx.y;
  int r = blockIdx.x * blockDim.x + threadIdx.x;
  if (r >= R) return;
  long at = (b * K + k) * R + r, of = (b * G + group[b * K + k]) * R + r;
  Q[at] = quantize(W[at], scale[of], inverse(scale[of]), SYMMETRIC ? 0.0f : zero[of], grid);
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

// Weights Q [B, K, R] in the inputs' own order, as they are stored: weight and codes [B, R, K].
extern "C" __global__ void store(
    const float* Q, const float* scale, const float* zero, float* weight, unsigned char* codes,
    int K, int R, int G, long element, int row, Grid grid) {
  __shared__ float values[32][33];
  __shared__ unsigned char coded[32][33];
  long b = blockIdx.z;
  int k0 = blockIdx.y * 32, r0 = blockIdx.x * 32;
  for (int i = threadIdx.y; i < 32; i += blockDim.y) {
    int k = k0 + i, r = r0 + threadIdx.x;
    if (k < K && r < R) {
      float q = Q[(b * K + k) * R + r];
      long of = (b * G + k / grid.group_size) * R + r;
      float v = q / scale[of];
      values[i][threadIdx.x] = q;
      // Adding makes zeros positive, as in format.codes.
      coded[i][threadIdx.x] = encode(round_to_grid(v + (SYMMETRIC ? 0.0f : zero[of]), grid), grid);
    }
  }
  __syncthreads();
  for (int i = threadIdx.y; i < 32; i += blockDim.y) {
    int r = r0 + i, k = k0 + threadIdx.x;
    if (k < K && r < R) {
      long at = b * element + ((long)row + r) * K + k;
      weight[at] = values[threadIdx.x][i];
      codes[at] = coded[threadIdx.x][i];
    }
  }
}
