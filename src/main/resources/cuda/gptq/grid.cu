// The solver's inner loops: torchscript/gptq.py, scales.py and format.py on a GPU.
//
// There one column costs seven launches; here a thread holds BLOCK inputs of one output in
// registers and the loop over them is unrolled. Matrices are transposed as in gptq.py, [B, K, R]
// for K inputs and R outputs, scales [B, G, R]; neighbouring threads take neighbouring outputs.
// FLOATING and SYMMETRIC are set when this is compiled; so is SCALE_KIND, as in format.Grid.

#define BLOCK 64
#define DEPTH 16
#define TILE 128
#define INFINITE __int_as_float(0x7f800000)

struct Grid {
  float least, greatest;  // codes of integers, values of floats
  int mantissa_bits, least_exponent, exponent_bits;
  int group_size;
  int scale_dtype;  // of a real scale: 5 float16, 6 float32, 15 bfloat16
};

__device__ inline float power_of_two(int exponent) { return scalbnf(1.0f, exponent); }

// Exponent of the leading bit; that of zero and of subnormals is below every grid's least.
__device__ inline int exponent_of(float magnitude) {
  return (int)(__float_as_uint(magnitude) >> 23) - 127;
}

// format.round_to_grid of floats. Steps are normal powers of two, so their products are exact.
__device__ inline float round_float(
    float v, float greatest, int mantissa_bits, int least_exponent) {
  float magnitude = fminf(fabsf(v), greatest);
  int step = max(exponent_of(magnitude), least_exponent) - mantissa_bits;
  float steps = rintf(magnitude * __uint_as_float((unsigned)(127 - step) << 23));
  return copysignf(fminf(steps * __uint_as_float((unsigned)(127 + step) << 23), greatest), v);
}

__device__ inline float round_to_grid(float v, const Grid& grid) {
#if FLOATING
  return round_float(v, grid.greatest, grid.mantissa_bits, grid.least_exponent);
#else
  // Adding a number whose last bit counts one rounds as rintf does, which a slower unit takes.
  return (fminf(fmaxf(v, grid.least), grid.greatest) + 12582912.0f) - 12582912.0f;
#endif
}

// 1 / x but for the last bit: in the place of a division, which is ten instructions and a branch.
__device__ inline float inverse(float x) {
  float y;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return fmaf(y, fmaf(-x, y, 1.0f), y);
}

// x / y of an inverse y.
__device__ inline float quotient(float x, float y, float inverse_y) {
  float q = x * inverse_y;
  return fmaf(fmaf(-q, y, x), inverse_y, q);
}

__device__ inline float quantize(
    float w, float scale, float inverse_scale, float zero, const Grid& grid) {
#if SYMMETRIC
  return round_to_grid(w * inverse_scale, grid) * scale;
#else
  return (round_to_grid(w * inverse_scale + zero, grid) - zero) * scale;
#endif
}

__device__ inline float e4m3(float x) { return round_float(x, 448.0f, 3, -6); }

__device__ inline float as_stored(float x, int dtype) {
  if (dtype == 15) {
    unsigned bits = __float_as_uint(x);
    return __uint_as_float((bits + 0x7fffu + ((bits >> 16) & 1u)) & 0xffff0000u);
  }
  if (dtype == 5) {
    unsigned short half;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(half) : "f"(x));
    asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(half));
  }
  return x;
}

__device__ inline float real_scale(float scale, int dtype) {
  float stored = as_stored(scale, dtype);
  return stored > 0.0f ? stored : 1.0f;
}
