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
  return fminf(fmaxf(rintf(v), grid.least), grid.greatest);
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

// What a block of the two kernels below has in shared memory: inputs first..first+BLOCK-1 of a matrix
// among themselves, transposed, so that what an input takes of those before it lies together; the group
// of each; and of every thread what its output's inputs still wait for. The code that is laid out one
// column after the other is for PART inputs: that of all of them would not fit the instruction cache.
#define PART 16
#define OUTPUTS 128
#define PITCH (BLOCK + 4)
struct Columns {
  float matrix[BLOCK][PITCH];
  float rest[BLOCK][OUTPUTS];
  float inverse_diagonal[BLOCK];
  int of_group[BLOCK];
};
extern __shared__ __align__(16) float shared[];

// Fills all but `rest`; returns how many inputs there are. Beyond them nothing is read and nothing moves.
__device__ __forceinline__ int load_block(
    Columns& own, const float* M, const int* group, long b, int K, int first) {
  int count = min(BLOCK, K - first);
#pragma unroll 16
  for (int t = threadIdx.x; t < BLOCK * BLOCK; t += OUTPUTS) {
    int i = t / BLOCK, j = t % BLOCK;
    own.matrix[j][i] = i < count && j < count ? M[(b * K + first + i) * K + first + j] : 0.0f;
  }
  if (threadIdx.x < BLOCK) {
    int i = min((int)threadIdx.x, count - 1);
    own.of_group[threadIdx.x] = group[b * K + first + i];
    own.inverse_diagonal[threadIdx.x] = 1.0f / M[(b * K + first + i) * K + first + i];
  }
  __syncthreads();
  return count;
}

// x - sum over i < PART, i < count of row[i] moves[i].
template <int COUNT>
__device__ __forceinline__ float without(float x, const float* row, const float (&moves)[PART]) {
#pragma unroll
  for (int i = 0; i < PART; i += 4) {
    if (i < COUNT) {
      float4 four = *(const float4*)&row[i];
      if (i + 0 < COUNT) x -= four.x * moves[i];
      if (i + 1 < COUNT) x -= four.y * moves[i + 1];
      if (i + 2 < COUNT) x -= four.z * moves[i + 2];
      if (i + 3 < COUNT) x -= four.w * moves[i + 3];
    }
  }
  return x;
}

// One column after the other of PART, and within each what depends on the columns before it.
template <bool FEEDBACK, int I>
struct Column {
  static __device__ __forceinline__ void take(
      const Columns& own, int start, const float (&rest)[PART], const float (&weight)[PART],
      const float (&scale)[PART], const float (&zero)[PART], float (&q)[PART], float (&moves)[PART],
      const Grid& grid) {
    float g = without<I>(rest[I], &own.matrix[start + I][start], moves);
    float wanted = FEEDBACK ? g : g * own.inverse_diagonal[start + I];
    q[I] = quantize(weight[I] + wanted, scale[I], inverse(scale[I]), zero[I], grid);
    moves[I] = q[I] - weight[I];
    Column<FEEDBACK, I + 1>::take(own, start, rest, weight, scale, zero, q, moves, grid);
  }
};

template <bool FEEDBACK>
struct Column<FEEDBACK, PART> {
  static __device__ __forceinline__ void take(
      const Columns&, int, const float (&)[PART], const float (&)[PART], const float (&)[PART],
      const float (&)[PART], float (&)[PART], float (&)[PART], const Grid&) {}
};

template <bool FEEDBACK>
__device__ __forceinline__ void take_columns(
    const float* __restrict__ Rest, const float* __restrict__ M, const float* __restrict__ scale,
    const float* __restrict__ zero, const int* __restrict__ group, const float* Original, float* Q,
    float* __restrict__ Move, int K, int R, int G, int first, int most, int at, const Grid& grid) {
  Columns& own = *(Columns*)shared;
  long b = blockIdx.y;
  int t = threadIdx.x, r = blockIdx.x * OUTPUTS + t;
  int count = load_block(own, M, group, b, K, first);
  if (r >= R) return;
  long begin = (b * K + first) * R + r;
#pragma unroll 16
  for (int i = 0; i < BLOCK; i++) own.rest[i][t] = i < count ? Rest[begin + (long)i * R] : 0.0f;
  const float* scales = scale + b * G * R + r;
  const float* zeros = zero + b * G * R + r;
  float* into = Move + (b * most + at) * R + r;
#pragma unroll 1
  for (int start = 0; start < BLOCK; start += PART) {
    float rest[PART], weight[PART], s[PART], z[PART], q[PART], moves[PART];
#pragma unroll
    for (int i = 0; i < PART; i++) {
      rest[i] = own.rest[start + i][t];
      weight[i] = start + i < count ? Original[begin + (long)(start + i) * R] : 0.0f;
      s[i] = scales[(long)own.of_group[start + i] * R];
      z[i] = SYMMETRIC ? 0.0f : zeros[(long)own.of_group[start + i] * R];
    }
    Column<FEEDBACK, 0>::take(own, start, rest, weight, s, z, q, moves, grid);
#pragma unroll
    for (int i = 0; i < PART; i++) {
      if (start + i < count) Q[begin + (long)(start + i) * R] = q[i];
      if (start + i < count) into[(long)(start + i) * R] = moves[i];
    }
#pragma unroll 4
    for (int j = start + PART; j < BLOCK; j++)
      own.rest[j][t] = without<PART>(own.rest[j][t], &own.matrix[j][start], moves);
  }
}

// Algorithm 1 for inputs first..first+BLOCK-1 in the form of LDLQ, which gives the same codes without an
// inverse (Chee et al. 2023, QuIP, theorem 6): with H = N D N^T, N upper triangular with a diagonal of
// ones, an input's weight moves by what the errors of those before it, against their original weights,
// count in its column of N. W [B, K, R] are the original weights, Correction what they move by, Q the
// result; rows at..at+BLOCK-1 of Err [B, most, R] are what `update` spreads over the inputs still to
// come. group [B, K] is the group of each input.
extern "C" __global__ void __launch_bounds__(OUTPUTS) error_feedback(
    const float* __restrict__ Correction, const float* __restrict__ N,
    const float* __restrict__ scale, const float* __restrict__ zero, const int* __restrict__ group,
    float* __restrict__ Q, float* __restrict__ Err, const float* __restrict__ W, int K, int R, int G,
    int first, int most, int at, Grid grid) {
  take_columns<true>(Correction, N, scale, zero, group, W, Q, Err, K, R, G, first, most, at, grid);
}

// Coordinate descent over inputs first..first+BLOCK-1, in place: each weight moves to the grid value
// that is best while the others stay. Residual [B, K, R] is H (W - Q); rows at..at+BLOCK-1 of Move
// [B, most, R] are what `update` takes from the residuals still to be read.
extern "C" __global__ void __launch_bounds__(OUTPUTS) descend(
    const float* __restrict__ Residual, const float* __restrict__ H,
    const float* __restrict__ scale, const float* __restrict__ zero, const int* __restrict__ group,
    float* Q, float* __restrict__ Move, int K, int R, int G, int first, int most, int at,
    Grid grid) {
  take_columns<false>(Residual, H, scale, zero, group, Q, Q, Move, K, R, G, first, most, at, grid);
}

// C[b, m, r] -= sum over j < count of M[b, first + j, m] D[b, at + j, r] for from <= m < to: C [B, K, R],
// M [B, K, K], D [B, most, R]. Every element is summed in the same order whatever the batch.
__device__ __forceinline__ void subtract_product(
    float* C, const float* M, const float* D, int K, int R, int most, int at, int first, int count,
    int from, int to) {
  __shared__ float left[DEPTH][TILE];
  __shared__ float right[DEPTH][TILE];
  long b = blockIdx.z;
  int m0 = from + blockIdx.y * TILE, r0 = blockIdx.x * TILE;
  int tm = threadIdx.x / 16 * 4, tr = threadIdx.x % 16 * 4;
  float sum[8][8];
#pragma unroll
  for (int i = 0; i < 8; i++)
#pragma unroll
    for (int j = 0; j < 8; j++) sum[i][j] = 0.0f;
  const float* rows = M + (b * K + first) * K;
  const float* moves = D + (b * most + at) * R;
  int lane = threadIdx.x % TILE, half = threadIdx.x / TILE;
  for (int start = 0; start < count; start += DEPTH) {
#pragma unroll
    for (int d = 0; d < DEPTH; d += 2) {
      int j = start + d + half;
      left[d + half][lane] = j < count && m0 + lane < to ? rows[(long)j * K + m0 + lane] : 0.0f;
      right[d + half][lane] = j < count && r0 + lane < R ? moves[(long)j * R + r0 + lane] : 0.0f;
    }
    __syncthreads();
#pragma unroll
    for (int d = 0; d < DEPTH; d++) {
      float x[8], y[8];
      *(float4*)&x[0] = *(const float4*)&left[d][tm];
      *(float4*)&x[4] = *(const float4*)&left[d][tm + TILE / 2];
      *(float4*)&y[0] = *(const float4*)&right[d][tr];
      *(float4*)&y[4] = *(const float4*)&right[d][tr + TILE / 2];
#pragma unroll
      for (int i = 0; i < 8; i++)
#pragma unroll
        for (int j = 0; j < 8; j++) sum[i][j] += x[i] * y[j];
    }
    __syncthreads();
  }
#pragma unroll
  for (int i = 0; i < 8; i++) {
    int m = m0 + tm + i % 4 + i / 4 * (TILE / 2);
    if (m >= to) continue;
    // All of a row is read before any of it is written, so that the reads wait together.
    float before[8];
#pragma unroll
    for (int j = 0; j < 8; j++) {
      int r = r0 + tr + j % 4 + j / 4 * (TILE / 2);
      before[j] = r < R ? C[(b * K + m) * R + r] : 0.0f;
    }
#pragma unroll
    for (int j = 0; j < 8; j++) {
      int r = r0 + tr + j % 4 + j / 4 * (TILE / 2);
      if (r < R) C[(b * K + m) * R + r] = before[j] - sum[i][j];
    }
  }
}

extern "C" __global__ void __launch_bounds__(256) update(
    float* C, const float* M, const float* D, int K, int R, int most, int at, int first, int count,
    int from, int to) {
  subtract_product(C, M, D, K, R, most, at, first, count, from, to);
}

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

// Cholesky factors from the last input to the first, H = V V^T with V upper triangular. A [B, K, K] is H
// and becomes V^T, of which the part above the diagonal is left as it comes. First the BLOCK inputs from
// `first` on among themselves; good [B] becomes 0 where that is not positive definite.
extern "C" __global__ void __launch_bounds__(256) factor_block(float* A, int* good, int K, int first) {
  // A thread holds 4 x 4 numbers; only the column of the pivot goes through shared memory.
  __shared__ __align__(16) float column[2][BLOCK];
  int count = min(BLOCK, K - first);
  float* own = A + ((long)blockIdx.x * K + first) * K + first;
  int m0 = threadIdx.x / 16 * 4, r0 = threadIdx.x % 16 * 4;
  float x[4][4];
#pragma unroll
  for (int m = 0; m < 4; m++)
#pragma unroll
    for (int r = 0; r < 4; r++)
      x[m][r] = m0 + m < count && r0 + r < count ? own[(long)(m0 + m) * K + r0 + r]
                                                 : m0 + m == r0 + r ? 1.0f : 0.0f;
  bool fine = true;
#pragma unroll 1
  for (int at = 15; at >= 0; at--) {
#pragma unroll
    for (int c = 3; c >= 0; c--) {
      int i = at * 4 + c, turn = c & 1;
      // Column i of a symmetric matrix, by those threads that hold it.
      if (r0 == at * 4) {
#pragma unroll
        for (int m = 0; m < 4; m++) column[turn][m0 + m] = x[m][c];
      }
      __syncthreads();
      float pivot = column[turn][i];
      bool positive = pivot > 0.0f && pivot < INFINITE;
      fine = fine && positive;
      float root = positive ? sqrtf(pivot) : 1.0f, one_over_root = 1.0f / root;
      float4 left = *(const float4*)&column[turn][m0], right = *(const float4*)&column[turn][r0];
      float l[4] = {left.x * one_over_root, left.y * one_over_root, left.z * one_over_root,
                    left.w * one_over_root};
      float k[4] = {right.x * one_over_root, right.y * one_over_root, right.z * one_over_root,
                    right.w * one_over_root};
#pragma unroll
      for (int m = 0; m < 4; m++)
#pragma unroll
        for (int r = 0; r < 4; r++)
          if (m0 + m < i && r0 + r < i) x[m][r] -= l[m] * k[r];
      if (m0 == at * 4) {
#pragma unroll
        for (int r = 0; r < 4; r++)
          if (r0 + r < i) x[c][r] = k[r];
          else if (r0 + r == i) x[c][r] = root;
      }
    }
  }
  if (threadIdx.x == 0 && !fine) good[blockIdx.x] = 0;
#pragma unroll
  for (int m = 0; m < 4; m++)
#pragma unroll
    for (int r = 0; r < 4; r++)
      if (m0 + m < count && r0 + r <= m0 + m) own[(long)(m0 + m) * K + r0 + r] = x[m][r];
}

// Then what they have of the inputs before them: a thread solves for one of these.
extern "C" __global__ void factor_panel(float* A, int K, int first) {
  __shared__ float v[BLOCK][BLOCK];
  __shared__ float inverse_diagonal[BLOCK];
  long b = blockIdx.y;
  int m = blockIdx.x * blockDim.x + threadIdx.x;
  int count = min(BLOCK, K - first);
  float* rows = A + (b * K + first) * K;
  if (threadIdx.x < BLOCK) {
    int i = threadIdx.x;
    inverse_diagonal[i] = i < count ? 1.0f / rows[(long)i * K + first + i] : 1.0f;
  }
  for (int t = threadIdx.x; t < BLOCK * BLOCK; t += blockDim.x) {
    int i = t / BLOCK, j = t % BLOCK;
    v[i][j] = i < count && j <= i ? rows[(long)i * K + first + j] : i == j ? 1.0f : 0.0f;
  }
  __syncthreads();
  if (m >= first) return;
  float x[BLOCK];
#pragma unroll
  for (int i = 0; i < BLOCK; i++) x[i] = i < count ? rows[(long)i * K + m] : 0.0f;
#pragma unroll
  for (int i = BLOCK - 1; i >= 0; i--) {
    x[i] *= inverse_diagonal[i];
#pragma unroll
    for (int j = 0; j < i; j++) x[j] -= v[i][j] * x[i];
  }
#pragma unroll
  for (int i = 0; i < BLOCK; i++)
    if (i < count) rows[(long)i * K + m] = x[i];
}

// Then what that takes from the inputs before them among themselves, on and below the diagonal.
extern "C" __global__ void __launch_bounds__(256) factor_rest(float* A, int K, int first) {
  if (blockIdx.x > blockIdx.y) return;
  subtract_product(A, A, A, K, K, K, first, first, min(BLOCK, K - first), 0, first);
}

// A factor of TF32, of which the tensor cores take no more than the upper 19 bits: rounded to nearest.
__device__ inline unsigned tf32(float x) { return __float_as_uint(x) + 0x1000u; }

// BYTES from global to shared memory behind the thread's back, zeros where there is nothing to copy.
template <int BYTES>
__device__ __forceinline__ void copy_ahead(float* shared, const float* global, bool there) {
  unsigned to = (unsigned)__cvta_generic_to_shared(shared);
  int bytes = there ? BYTES : 0;
  if (BYTES == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(global), "r"(bytes));
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(to), "l"(global), "r"(bytes));
}

// SLICE rows from `start` on of a matrix [count, stride], TILE columns from `column` on of `columns`.
// WIDE numbers are copied at once.
#define STRIDE (TILE + 8)
#define SLICE 16
#define STAGES 4
#define WARPS 4
template <int WIDE>
__device__ __forceinline__ void copy_slice(
    float (&shared)[SLICE][STRIDE], const float* rows, long stride, int start, int count,
    int column, int columns) {
#pragma unroll
  for (int t = threadIdx.x; t < SLICE * TILE / WIDE; t += WARPS * 32) {
    int d = t / (TILE / WIDE), c = t % (TILE / WIDE) * WIDE;
    bool there = start + d < count && column + c < columns;
    copy_ahead<WIDE * 4>(
        &shared[d][c], there ? rows + (start + d) * stride + column + c : rows, there);
  }
}

// TILE x TILE of a product of factors rounded to TF32, on tensor cores: of columns m0.. (below `to`) of
// `count` rows of M, `stride` apart, and columns r0.. (below R) of `count` rows of D. Four warps take 64 x
// 64 of a tile each, and STAGES - 1 slices of the factors are on their way while one is multiplied. Which
// row and column of its 64 x 64 a thread's numbers belong to is chosen so that it reads four of them at
// once; STRIDE lets the threads that read together read from all 32 banks.
typedef float Slice[SLICE][STRIDE];

template <int WIDE>
__device__ __forceinline__ void multiply_tile(
    float (&sum)[4][8][4], const float* M, long stride, int m0, int to, const float* D, int r0, int R,
    int count) {
  Slice* left = (Slice*)shared;
  Slice* right = left + STAGES;
  int warp = threadIdx.x / 32, row = threadIdx.x % 32 / 4, column = threadIdx.x % 4;
  int tm = warp / 2 * 64, tr = warp % 2 * 64;
#pragma unroll
  for (int i = 0; i < 4; i++)
#pragma unroll
    for (int j = 0; j < 8; j++)
#pragma unroll
      for (int c = 0; c < 4; c++) sum[i][j][c] = 0.0f;
  int all = (count + SLICE - 1) / SLICE;
#pragma unroll
  for (int slice = 0; slice < STAGES - 1; slice++) {
    copy_slice<WIDE>(left[slice], M, stride, slice * SLICE, count, m0, to);
    copy_slice<WIDE>(right[slice], D, R, slice * SLICE, count, r0, R);
    asm volatile("cp.async.commit_group;");
  }
  for (int slice = 0; slice < all; slice++) {
    asm volatile("cp.async.wait_group %0;" ::"n"(STAGES - 2));
    __syncthreads();
    int next = slice + STAGES - 1, now = slice % STAGES;
    copy_slice<WIDE>(left[next % STAGES], M, stride, next * SLICE, count, m0, to);
    copy_slice<WIDE>(right[next % STAGES], D, R, next * SLICE, count, r0, R);
    asm volatile("cp.async.commit_group;");
#pragma unroll
    for (int step = 0; step < SLICE; step += 8) {
      unsigned x[4][4], y[8][2];
#pragma unroll
      for (int half = 0; half < 2; half++) {
        int d = step + column + half * 4;
#pragma unroll
        for (int i = 0; i < 4; i += 2) {
          float4 four = *(const float4*)&left[now][d][tm + i * 16 + row * 4];
          x[i][half * 2] = tf32(four.x);
          x[i][half * 2 + 1] = tf32(four.y);
          x[i + 1][half * 2] = tf32(four.z);
          x[i + 1][half * 2 + 1] = tf32(four.w);
        }
#pragma unroll
        for (int j = 0; j < 8; j += 4) {
          float4 four = *(const float4*)&right[now][d][tr + j * 8 + row * 4];
          y[j][half] = tf32(four.x);
          y[j + 1][half] = tf32(four.y);
          y[j + 2][half] = tf32(four.z);
          y[j + 3][half] = tf32(four.w);
        }
      }
#pragma unroll
      for (int i = 0; i < 4; i++)
#pragma unroll
        for (int j = 0; j < 8; j++)
          asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
              "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
              : "+f"(sum[i][j][0]), "+f"(sum[i][j][1]), "+f"(sum[i][j][2]), "+f"(sum[i][j][3])
              : "r"(x[i][0]), "r"(x[i][1]), "r"(x[i][2]), "r"(x[i][3]), "r"(y[j][0]), "r"(y[j][1]));
    }
  }
  asm volatile("cp.async.wait_all;");
  __syncthreads();
}

// `update` by that.
template <int WIDE>
__device__ __forceinline__ void update_by_tensor_cores(
    float* C, const float* M, const float* D, int K, int R, int most, int at, int first, int count,
    int from, int to) {
  long b = blockIdx.z;
  int m0 = from + blockIdx.y * TILE, r0 = blockIdx.x * TILE;
  int warp = threadIdx.x / 32, row = threadIdx.x % 32 / 4, column = threadIdx.x % 4;
  int tm = warp / 2 * 64, tr = warp % 2 * 64;
  float sum[4][8][4];
  multiply_tile<WIDE>(
      sum, M + (b * K + first) * K, K, m0, to, D + (b * most + at) * R, r0, R, count);
#pragma unroll
  for (int i = 0; i < 4; i++) {
    // Eight times four numbers are read before any is written, so that the reads wait together.
    float before[4][8];
#pragma unroll
    for (int c = 0; c < 4; c++) {
      int m = m0 + tm + i / 2 * 32 + row * 4 + i % 2 * 2 + c / 2;
#pragma unroll
      for (int j = 0; j < 8; j += 4) {
        int r = r0 + tr + j * 8 + (column * 2 + c % 2) * 4;
        const float* own = C + (b * K + m) * R + r;
        if (WIDE == 4) {
          if (m < to && r < R) *(float4*)&before[c][j] = *(const float4*)own;
        } else {
#pragma unroll
          for (int e = 0; e < 4; e++) before[c][j + e] = m < to && r + e < R ? own[e] : 0.0f;
        }
      }
    }
#pragma unroll
    for (int c = 0; c < 4; c++) {
      int m = m0 + tm + i / 2 * 32 + row * 4 + i % 2 * 2 + c / 2;
#pragma unroll
      for (int j = 0; j < 8; j += 4) {
        int r = r0 + tr + j * 8 + (column * 2 + c % 2) * 4;
        float* own = C + (b * K + m) * R + r;
        if (WIDE == 4) {
          if (m < to && r < R)
            *(float4*)own = make_float4(
                before[c][j] - sum[i][j][c], before[c][j + 1] - sum[i][j + 1][c],
                before[c][j + 2] - sum[i][j + 2][c], before[c][j + 3] - sum[i][j + 3][c]);
        } else {
#pragma unroll
          for (int e = 0; e < 4; e++)
            if (m < to && r + e < R) own[e] = before[c][j + e] - sum[i][j + e][c];
        }
      }
    }
  }
}

extern "C" __global__ void __launch_bounds__(WARPS * 32, 2) update_tf32(
    float* C, const float* M, const float* D, int K, int R, int most, int at, int first, int count,
    int from, int to) {
  update_by_tensor_cores<1>(C, M, D, K, R, most, at, first, count, from, to);
}

// Where K, R, `from` and `to` are multiples of four.
extern "C" __global__ void __launch_bounds__(WARPS * 32, 2) update_tf32_wide(
    float* C, const float* M, const float* D, int K, int R, int most, int at, int first, int count,
    int from, int to) {
  update_by_tensor_cores<4>(C, M, D, K, R, most, at, first, count, from, to);
}

// How groups of codes pull at each other, which refitting their scales goes by: for two groups i >= j
// of `groups` from `first_group` on, A[b, i (i + 1) / 2 + j, r] = c_i^T H_ij c_j with the codes c = Q / s
// of output r. Q [B, K, R], scale [B, G, R]. EACH x 16 inputs of i are taken at once.
template <int EACH>
__device__ __forceinline__ void gram_of_groups(
    const float* __restrict__ Q, const float* __restrict__ H, const float* __restrict__ scale,
    float* __restrict__ A, int K, int R, int G, int pairs, int first_group, int size) {
  __shared__ float left[DEPTH][EACH * 16];
  __shared__ __align__(16) float right[DEPTH][TILE];
  __shared__ float sums[16][TILE];
  long b = blockIdx.z;
  int pair = blockIdx.y, i = 0, r0 = blockIdx.x * TILE;
  while ((i + 1) * (i + 2) / 2 <= pair) i++;
  int j = pair - i * (i + 1) / 2;
  int row = threadIdx.x / 16, tr = threadIdx.x % 16 * 4;
  int lane = threadIdx.x % TILE, half = threadIdx.x / TILE;
  int of_i = (first_group + i) * size, of_j = (first_group + j) * size;
  const float* scales = scale + (b * G + first_group) * R;
  float own = r0 + lane < R ? scales[(long)j * R + r0 + lane] : 1.0f;
  float total[8];
#pragma unroll
  for (int c = 0; c < 8; c++) total[c] = 0.0f;
  for (int m0 = 0; m0 < size; m0 += EACH * 16) {
    float sum[EACH][8];
#pragma unroll
    for (int m = 0; m < EACH; m++)
#pragma unroll
      for (int c = 0; c < 8; c++) sum[m][c] = 0.0f;
    for (int start = 0; start < size; start += DEPTH) {
      for (int t = threadIdx.x; t < DEPTH * EACH * 16; t += 256) {
        int d = t / (EACH * 16), m = t % (EACH * 16);
        bool there = start + d < size && m0 + m < size;
        left[d][m] = there ? H[(b * K + of_j + start + d) * K + of_i + m0 + m] : 0.0f;
      }
#pragma unroll
      for (int d = 0; d < DEPTH; d += 2) {
        int k = start + d + half;
        bool there = k < size && r0 + lane < R;
        right[d + half][lane] = there ? Q[(b * K + of_j + k) * R + r0 + lane] / own : 0.0f;
      }
      __syncthreads();
#pragma unroll
      for (int d = 0; d < DEPTH; d++) {
        float x[EACH], y[8];
#pragma unroll
        for (int m = 0; m < EACH; m++) x[m] = left[d][m * 16 + row];
        *(float4*)&y[0] = *(const float4*)&right[d][tr];
        *(float4*)&y[4] = *(const float4*)&right[d][tr + TILE / 2];
#pragma unroll
        for (int m = 0; m < EACH; m++)
#pragma unroll
          for (int c = 0; c < 8; c++) sum[m][c] += x[m] * y[c];
      }
      __syncthreads();
    }
#pragma unroll
    for (int m = 0; m < EACH; m++) {
      int k = m0 + m * 16 + row;
#pragma unroll
      for (int c = 0; c < 8; c++) {
        int r = r0 + tr + c % 4 + c / 4 * (TILE / 2);
        if (k < size && r < R)
          total[c] += Q[(b * K + of_i + k) * R + r] / scales[(long)i * R + r] * sum[m][c];
      }
    }
  }
#pragma unroll
  for (int c = 0; c < 8; c++) sums[row][tr + c % 4 + c / 4 * (TILE / 2)] = total[c];
  __syncthreads();
  if (half == 0 && r0 + lane < R) {
    float all = 0.0f;
    for (int t = 0; t < 16; t++) all += sums[t][lane];
    A[(b * pairs + pair) * R + r0 + lane] = all;
  }
}

#define GRAM(NAME, EACH)                                                                        \
  extern "C" __global__ void __launch_bounds__(256) NAME(                                       \
      const float* Q, const float* H, const float* scale, float* A, int K, int R, int G,        \
      int pairs, int first_group, int size) {                                                   \
    gram_of_groups<EACH>(Q, H, scale, A, K, R, G, pairs, first_group, size);                    \
  }

GRAM(gram_16, 1)
GRAM(gram_32, 2)
GRAM(gram_64, 4)
GRAM(gram_128, 8)

// The same on tensor cores, TILE inputs of i at once: for groups of TILE inputs and more. Where WIDE is 4,
// K, R and size are multiples of four.
template <int WIDE>
__device__ __forceinline__ void gram_by_tensor_cores(
    const float* Q, const float* H, const float* scale, float* A, int K, int R, int G, int pairs,
    int first_group, int size) {
  __shared__ float halves[2][TILE];
  long b = blockIdx.z;
  int pair = blockIdx.y, i = 0, r0 = blockIdx.x * TILE;
  while ((i + 1) * (i + 2) / 2 <= pair) i++;
  int j = pair - i * (i + 1) / 2;
  long of_i = b * K + (first_group + i) * size, of_j = b * K + (first_group + j) * size;
  int warp = threadIdx.x / 32, row = threadIdx.x % 32 / 4, column = threadIdx.x % 4;
  int tm = warp / 2 * 64, tr = warp % 2 * 64;
  float total[8][2];
#pragma unroll
  for (int n = 0; n < 8; n++) total[n][0] = total[n][1] = 0.0f;
  int begin = (first_group + i) * size;
  for (int m0 = 0; m0 < size; m0 += TILE) {
    float sum[4][8][4];
    multiply_tile<WIDE>(
        sum, H + of_j * K, K, begin + m0, begin + size, Q + of_j * R, r0, R, size);
#pragma unroll
    for (int e = 0; e < 4; e++)
#pragma unroll
      for (int c = 0; c < 4; c++) {
        int m = m0 + tm + e / 2 * 32 + row * 4 + e % 2 * 2 + c / 2;
#pragma unroll
        for (int n = 0; n < 8; n++) {
          int r = r0 + tr + n / 4 * 32 + (column * 2 + c % 2) * 4 + n % 4;
          if (m < size && r < R) total[n][c % 2] += Q[(of_i + m) * R + r] * sum[e][n][c];
        }
      }
  }
#pragma unroll
  for (int n = 0; n < 8; n++)
#pragma unroll
    for (int c = 0; c < 2; c++) {
#pragma unroll
      for (int lanes = 4; lanes < 32; lanes *= 2)
        total[n][c] += __shfl_xor_sync(~0u, total[n][c], lanes);
      if (row == 0) halves[warp / 2][tr + n / 4 * 32 + (column * 2 + c) * 4 + n % 4] = total[n][c];
    }
  __syncthreads();
  int r = r0 + threadIdx.x;
  if (r < R) {
    const float* scales = scale + (b * G + first_group) * R + r;
    A[(b * pairs + pair) * R + r] = (halves[0][threadIdx.x] + halves[1][threadIdx.x]) /
                                    scales[(long)i * R] / scales[(long)j * R];
  }
}

#define GRAM_TF32(NAME, WIDE)                                                                   \
  extern "C" __global__ void __launch_bounds__(WARPS * 32, 2) NAME(                             \
      const float* Q, const float* H, const float* scale, float* A, int K, int R, int G,        \
      int pairs, int first_group, int size) {                                                   \
    gram_by_tensor_cores<WIDE>(Q, H, scale, A, K, R, G, pairs, first_group, size);              \
  }

GRAM_TF32(gram_tf32, 1)
GRAM_TF32(gram_tf32_wide, 4)

// The scales that are best for codes as they are, one group after another from `first_group` on and
// where that lowers the objective, as in gptq.refit_scales. Q [B, K, R] and scale [B, G, R] change in
// place; Step [B, groups x size, R] is what Q moved by. A [B, groups (groups + 1) / 2, R] is what
// `gram_of_groups` gives, so that what one group's move takes from the residuals of the next is known.
// A block takes 32 outputs, and each of its SLICES warps every SLICES-th input of them, AHEAD at once.
#define SLICES 8
#define AHEAD 16
#define MOST_GROUPS 16
extern "C" __global__ void __launch_bounds__(SLICES * 32) refit(
    float* __restrict__ Q, const float* __restrict__ Residual, const float* __restrict__ A,
    float* __restrict__ scale, const float* __restrict__ outer, float* __restrict__ Step, int K, int R,
    int G, int first_group, int groups, Grid grid) {
  __shared__ float slopes[SLICES][32];
  __shared__ float moves[MOST_GROUPS][32];
  long b = blockIdx.y;
  int lane = threadIdx.x % 32, slice = threadIdx.x / 32;
  int r = blockIdx.x * 32 + lane;
  bool there = r < R;
  int size = grid.group_size;
  const float* pulls = A + b * (groups * (groups + 1) / 2) * R + r;
  for (int i = 0; i < groups; i++) {
    float* of_group = scale + (b * G + first_group + i) * R + r;
    long begin = (b * K + (long)(first_group + i) * size) * R + r;
    float s = there ? *of_group : 1.0f, one_over_s = inverse(s);
    float codes[AHEAD], part = 0.0f;
    for (int k0 = slice; k0 < size; k0 += SLICES * AHEAD) {
      float residual[AHEAD];
#pragma unroll
      for (int t = 0; t < AHEAD; t++) {
        int k = k0 + t * SLICES;
        bool own = there && k < size;
        codes[t] = own ? Q[begin + (long)k * R] : 0.0f;
        residual[t] = own ? Residual[begin + (long)k * R] : 0.0f;
      }
#pragma unroll
      for (int t = 0; t < AHEAD; t++) {
        codes[t] = quotient(codes[t], s, one_over_s);
        part += codes[t] * residual[t];
      }
    }
    slopes[slice][lane] = part;
    __syncthreads();
    float slope = 0.0f;
#pragma unroll
    for (int t = 0; t < SLICES; t++) slope += slopes[t][lane];
    const float* row = pulls + (long)(i * (i + 1) / 2) * R;
    for (int j = 0; j < i; j++) slope -= there ? row[(long)j * R] * moves[j][lane] : 0.0f;
    float curvature = there ? row[(long)i * R] : 1.0f;
    float fitted = s + slope / (curvature > 0.0f ? curvature : 1.0f);
#if SCALE_KIND == 0
    float side = s < 0.0f ? -1.0f : 1.0f;
    fitted = side * real_scale(side * fitted, grid.scale_dtype);
#else
    fitted = e4m3(fitted / outer[b]) * outer[b];
#endif
    float move = fitted - s;
    bool better = move * (move * curvature - 2.0f * slope) < 0.0f && fitted / s > 0.0f;
    float stays = better ? fitted : s;
    move = better ? move : 0.0f;
    // All have read the scale and the slopes before they change.
    __syncthreads();
    if (slice == 0) {
      moves[i][lane] = move;
      if (there) *of_group = stays;
    }
    float* step = Step + (b * groups * size + (long)i * size) * R + r;
    for (int k0 = slice; k0 < size; k0 += SLICES * AHEAD) {
      // Of a longer group only the last inputs are still at hand.
      if (size > SLICES * AHEAD) {
#pragma unroll
        for (int t = 0; t < AHEAD; t++) {
          int k = k0 + t * SLICES;
          codes[t] = there && k < size ? quotient(Q[begin + (long)k * R], s, one_over_s) : 0.0f;
        }
      }
#pragma unroll
      for (int t = 0; t < AHEAD; t++) {
        int k = k0 + t * SLICES;
        if (there && k < size) {
          Q[begin + (long)k * R] = codes[t] * stays;
          step[(long)k * R] = codes[t] * move;
        }
      }
    }
    __syncthreads();
  }
}

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

// Candidate i of a group's scale and zero point, as in scales.candidate.
__device__ inline void candidate(
    float least, float greatest, int i, const float* factors, float outer, const Grid& grid,
    float& scale, float& zero) {
  zero = 0.0f;
  float amax = fmaxf(-least, greatest);
#if SCALE_KIND == 1
  int exponent, top;
  frexpf(amax, &exponent);
  frexpf(grid.greatest, &top);
  int shift = i == 0 ? 0 : i == 1 ? -1 : 1;
  int e = min(max(exponent - top + shift, -127), 127);
  scale = power_of_two(amax > 0.0f ? e : 0);
#elif SCALE_KIND == 2 || SCALE_KIND == 4
  int shift = (i + 1) / 2 * (i % 2 == 1 ? -1 : 1);
  float local = e4m3(amax * (1.0f / grid.greatest) / outer);
  float step = power_of_two(max(exponent_of(local), -6) - 3);
  local = e4m3(local + step * shift);
  scale = (local > 0.0f ? local : 0.125f) * outer;
#elif SYMMETRIC
  scale = real_scale(amax * factors[i], grid.scale_dtype);
#else
  float low = fminf(least, 0.0f) * factors[i], high = fmaxf(greatest, 0.0f) * factors[i];
  scale = real_scale((high - low) * (1.0f / (grid.greatest - grid.least)), grid.scale_dtype);
  zero = fminf(fmaxf(rintf(grid.least - low / scale), grid.least), grid.greatest);
#endif
}

template <int LANES>
__device__ inline float summed(float x) {
#pragma unroll
  for (int offset = LANES / 2; offset > 0; offset /= 2) x += __shfl_xor_sync(~0u, x, offset);
  return x;
}

template <int LANES>
__device__ inline float largest(float x) {
#pragma unroll
  for (int offset = LANES / 2; offset > 0; offset /= 2)
    x = fmaxf(x, __shfl_xor_sync(~0u, x, offset));
  return x;
}

// scales.search: LANES threads take one group, EACH weights per thread in registers, or with EACH 0
// the group from memory. w [B, R, K], importance [B, K] or null, scale and zero [B, R, G].
template <int LANES, int EACH>
__device__ inline void search_group(
    const float* w, const float* importance, const float* factors, const float* outer, float* scale,
    float* zero, int K, int R, int G, long groups, int candidates, Grid grid) {
  long index = ((long)blockIdx.x * blockDim.x + threadIdx.x) / LANES;
  int lane = threadIdx.x % LANES;
  bool own = index < groups;
  index = own ? index : groups - 1;
  long b = index / G / R;
  const float* x = w + index * grid.group_size;
  const float* counts = importance == nullptr ? nullptr : importance + b * K + index % G * grid.group_size;
  int each = EACH == 0 ? (grid.group_size + LANES - 1) / LANES : EACH;
  float v[EACH == 0 ? 1 : EACH], weight[EACH == 0 ? 1 : EACH];
  float low = INFINITE, high = -INFINITE;
#pragma unroll
  for (int i = 0; i < each; i++) {
    int at = i * LANES + lane;
    if (at < grid.group_size) {
      if (EACH != 0) {
        v[i] = x[at];
        weight[i] = counts == nullptr ? 1.0f : counts[at];
      }
      low = fminf(low, x[at]);
      high = fmaxf(high, x[at]);
    }
  }
  low = -largest<LANES>(-low);
  high = largest<LANES>(high);
  float best = INFINITE, best_scale, best_zero;
  candidate(low, high, 0, factors, outer[b], grid, best_scale, best_zero);
  for (int c = 0; c < candidates; c++) {
    float s, z, error = 0.0f;
    candidate(low, high, c, factors, outer[b], grid, s, z);
    float one_over_s = inverse(s);
#pragma unroll
    for (int i = 0; i < each; i++) {
      int at = i * LANES + lane;
      if (EACH != 0 || at < grid.group_size) {
        float value = EACH != 0 ? v[i] : x[at];
        float difference = quantize(value, s, one_over_s, z, grid) - value;
        float counted = EACH != 0 ? weight[i] : counts == nullptr ? 1.0f : counts[at];
        error += difference * difference * counted;
      }
    }
    error = summed<LANES>(error);
    error = counts == nullptr ? sqrtf(error) : error;
    if (error < best) {
      best = error;
      best_scale = s;
      best_zero = z;
    }
  }
  if (own && lane == 0) {
    scale[index] = best_scale;
    zero[index] = best_zero;
  }
}

#define SEARCH(NAME, LANES, EACH)                                                                \
  extern "C" __global__ void NAME(                                                               \
      const float* w, const float* importance, const float* factors, const float* outer,         \
      float* scale, float* zero, int K, int R, int G, long groups, int candidates, Grid grid) {  \
    search_group<LANES, EACH>(                                                                   \
        w, importance, factors, outer, scale, zero, K, R, G, groups, candidates, grid);          \
  }

SEARCH(search_16, 16, 1)
SEARCH(search_32, 32, 1)
SEARCH(search_64, 32, 2)
SEARCH(search_128, 32, 4)
SEARCH(search_256, 32, 8)
SEARCH(search_any, 32, 0)
