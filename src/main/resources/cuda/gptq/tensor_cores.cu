// A factor of TF32, of which the tensor cores take no more than the upper 19 bits: rounded to nearest.
__device__ inline unsigned tf32(float x) { return __float_as_uint(x) + 0x1000u; }

// The same, and a factor of what that leaves: with both a product is float32's but for its last bits.
__device__ inline unsigned split(float x, unsigned& low) {
  unsigned high = tf32(x) & 0xffffe000u;
  low = tf32(x - __uint_as_float(high));
  return high;
}

// sum += x y of 16 x 8 and 8 x 8 numbers, divided among the threads of a warp.
__device__ __forceinline__ void multiply_add(
    float (&sum)[4], const unsigned (&x)[4], const unsigned (&y)[2]) {
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

template <bool BOTH>
__device__ __forceinline__ void take_part(float x, unsigned& high, unsigned& low) {
  if (BOTH) high = split(x, low);
  else high = tf32(x);
}

template <int WIDE, bool BOTH = false, int N = 8>
__device__ __forceinline__ void multiply_tile(
    float (&sum)[4][N][4], const float* M, long stride, int m0, int to, const float* D, int r0, int R,
    int count) {
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
#pragma unroll
    for (int step = 0; step < SLICE; step += 8) {
      unsigned x[4][4], y[N][2], x_low[4][4], y_low[N][2];
#pragma unroll
      for (int half = 0; half < 2; half++) {
        int d = step + column + half * 4;
#pragma unroll
        for (int i = 0; i < 4; i += 2) {
          float4 four = *(const float4*)&left[now][d][tm + i * 16 + row * 4];
          take_part<BOTH>(four.x, x[i][half * 2], x_low[i][half * 2]);
          take_part<BOTH>(four.y, x[i][half * 2 + 1], x_low[i][half * 2 + 1]);
          take_part<BOTH>(four.z, x[i + 1][half * 2], x_low[i + 1][half * 2]);
          take_part<BOTH>(four.w, x[i + 1][half * 2 + 1], x_low[i + 1][half * 2 + 1]);
        }
#pragma unroll
        for (int j = 0; j < N; j += 4) {
          float4 four = *(const float4*)&right[now][d][tr + j * 8 + row * 4];
          take_part<BOTH>(four.x, y[j][half], y_low[j][half]);
          take_part<BOTH>(four.y, y[j + 1][half], y_low[j + 1][half]);
          take_part<BOTH>(four.z, y[j + 2][half], y_low[j + 2][half]);
          take_part<BOTH>(four.w, y[j + 3][half], y_low[j + 3][half]);
        }
      }
#pragma unroll
      for (int i = 0; i < 4; i++)
#pragma unroll
        for (int j = 0; j < N; j++) {
          if (BOTH) {
            multiply_add(sum[i][j], x_low[i], y[j]);
            multiply_add(sum[i][j], x[i], y_low[j]);
          }
          multiply_add(sum[i][j], x[i], y[j]);
        }
    }
  }
  asm volatile("cp.async.wait_all;");
  __syncthreads();
}
