// A factor of TF32, of which the tensor cores take no more than the upper 19 bits: rounded to nearest.
__device__ inline unsigned tf32(float x) { return __float_as_uint(x) + 0x1000u; }

// Two numbers times a power of two as float16, and what rounding leaves of them as float16 too: with both
// a product is float32's but for its last bits.
__device__ inline unsigned split(float x, float y, float by, unsigned& low) {
  unsigned high;
  float high_x, high_y;
  x *= by;
  y *= by;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(high) : "f"(y), "f"(x));
  asm("{\n.reg .b16 a, b;\nmov.b32 {a, b}, %2;\ncvt.f32.f16 %0, a;\ncvt.f32.f16 %1, b;\n}"
      : "=f"(high_x), "=f"(high_y)
      : "r"(high));
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(low) : "f"(y - high_y), "f"(x - high_x));
  return high;
}

// sum += x y of 16 x 8 and 8 x 8 numbers of TF32, or 16 x 16 and 16 x 8 of float16, divided among the
// threads of a warp.
template <bool HALVES>
__device__ __forceinline__ void multiply_add(
    float (&sum)[4], const unsigned (&x)[4], const unsigned (&y)[2]) {
  if (HALVES)
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(x[0]), "r"(x[1]), "r"(x[2]), "r"(x[3]), "r"(y[0]), "r"(y[1]));
  else
    asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(x[0]), "r"(x[1]), "r"(x[2]), "r"(x[3]), "r"(y[0]), "r"(y[1]));
}

// SLICE rows from `start` on of a matrix [count, stride], COLUMNS from `column` on of `columns`.
// WIDE numbers are copied at once.
#define STRIDE (TILE + 8)
#define SLICE 16
#define STAGES 4
#define WARPS 4
template <int WIDE, int COLUMNS>
__device__ __forceinline__ void copy_slice(
    float (&shared)[SLICE][STRIDE], const float* rows, long stride, int start, int count,
    int column, int columns) {
#pragma unroll
  for (int t = threadIdx.x; t < SLICE * COLUMNS / WIDE; t += WARPS * 32) {
    int d = t / (COLUMNS / WIDE), c = t % (COLUMNS / WIDE) * WIDE;
    bool there = start + d < count && column + c < columns;
    copy_ahead<WIDE * 4>(
        &shared[d][c], there ? rows + (start + d) * stride + column + c : rows, there);
  }
}

// TILE x TILE of a product of factors rounded to TF32, on tensor cores: of columns m0.. (below `to`) of
// `count` rows of M, `stride` apart, and columns r0.. (below R) of `count` rows of D. Four warps take 64 x
// 64 of a tile each, and STAGES - 1 slices of the factors are on their way while one is multiplied. Which
// row and column of its 64 x 64 a thread's numbers belong to is chosen so that it reads four of them at
// once; STRIDE lets the threads that read together read from all 32 banks. With BOTH parts of each factor
// it takes three products. Where N is 4 and not 8, a tile has half as many columns of D.
typedef float Slice[SLICE][STRIDE];

// The same number of two inputs, of four rows or columns at once: as TF32 each, or split as a pair.
template <bool BOTH>
__device__ __forceinline__ void take_four(
    const float4& one, const float4& other, float by, unsigned (&first)[4], unsigned (&second)[4]) {
  if (BOTH) {
    first[0] = split(one.x, other.x, by, second[0]);
    first[1] = split(one.y, other.y, by, second[1]);
    first[2] = split(one.z, other.z, by, second[2]);
    first[3] = split(one.w, other.w, by, second[3]);
  } else {
    first[0] = tf32(one.x), first[1] = tf32(one.y), first[2] = tf32(one.z), first[3] = tf32(one.w);
    second[0] = tf32(other.x), second[1] = tf32(other.y);
    second[2] = tf32(other.z), second[3] = tf32(other.w);
  }
}

template <int WIDE, bool BOTH = false, int N = 8>
__device__ __forceinline__ void multiply_tile(
    float (&sum)[4][N][4], const float* M, long stride, int m0, int to, const float* D, int r0, int R,
    int count, float by = 1.0f) {
  Slice* left = (Slice*)shared;
  Slice* right = left + STAGES;
  int warp = threadIdx.x / 32, row = threadIdx.x % 32 / 4, column = threadIdx.x % 4;
  int tm = warp / 2 * 64, tr = warp % 2 * N * 8;
#pragma unroll
  for (int i = 0; i < 4; i++)
#pragma unroll
    for (int j = 0; j < N; j++)
#pragma unroll
      for (int c = 0; c < 4; c++) sum[i][j][c] = 0.0f;
  int all = (count + SLICE - 1) / SLICE;
  bool nothing = m0 + tm >= to || r0 + tr >= R;
#pragma unroll
  for (int slice = 0; slice < STAGES - 1; slice++) {
    copy_slice<WIDE, TILE>(left[slice], M, stride, slice * SLICE, count, m0, to);
    copy_slice<WIDE, N * 16>(right[slice], D, R, slice * SLICE, count, r0, R);
    asm volatile("cp.async.commit_group;");
  }
  for (int slice = 0; slice < all; slice++) {
    asm volatile("cp.async.wait_group %0;" ::"n"(STAGES - 2));
    __syncthreads();
    int next = slice + STAGES - 1, now = slice % STAGES;
    copy_slice<WIDE, TILE>(left[next % STAGES], M, stride, next * SLICE, count, m0, to);
    copy_slice<WIDE, N * 16>(right[next % STAGES], D, R, next * SLICE, count, r0, R);
    asm volatile("cp.async.commit_group;");
    if (nothing) continue;
    // Two inputs, four apart, make a pair of one half of TF32's eight inputs and of the other, or of float16
    // in one register; which input comes when does not matter as long as both factors agree.
#pragma unroll
    for (int step = 0; step < SLICE; step += BOTH ? 16 : 8) {
      unsigned x[4][4], y[N][2], x_low[4][4], y_low[N][2];
#pragma unroll
      for (int half = 0; half < (BOTH ? 2 : 1); half++) {
        int d = step + half * 8 + column;
        unsigned one[4], other[4];
#pragma unroll
        for (int i = 0; i < 4; i += 2) {
          const float* from = &left[now][d][tm + i * 16 + row * 4];
          take_four<BOTH>(
              *(const float4*)from, *(const float4*)(from + 4 * STRIDE), by, one, other);
#pragma unroll
          for (int e = 0; e < 4; e++) {
            x[i + e / 2][half * 2 + e % 2] = one[e];
            if (BOTH) x_low[i + e / 2][half * 2 + e % 2] = other[e];
            else x[i + e / 2][2 + e % 2] = other[e];
          }
        }
#pragma unroll
        for (int j = 0; j < N; j += 4) {
          const float* from = &right[now][d][tr + j * 8 + row * 4];
          take_four<BOTH>(
              *(const float4*)from, *(const float4*)(from + 4 * STRIDE), by, one, other);
#pragma unroll
          for (int e = 0; e < 4; e++) {
            y[j + e][half] = one[e];
            if (BOTH) y_low[j + e][half] = other[e];
            else y[j + e][1] = other[e];
          }
        }
      }
#pragma unroll
      for (int i = 0; i < 4; i++)
#pragma unroll
        for (int j = 0; j < N; j++) {
          if (BOTH) {
            multiply_add<BOTH>(sum[i][j], x_low[i], y[j]);
            multiply_add<BOTH>(sum[i][j], x[i], y_low[j]);
          }
          multiply_add<BOTH>(sum[i][j], x[i], y[j]);
        }
    }
  }
  asm volatile("cp.async.wait_all;");
  __syncthreads();
}
