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
