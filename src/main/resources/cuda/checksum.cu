// tensor.checksum and tensor.finite in one pass over the weights.

__device__ inline unsigned long long over_warp(unsigned long long x) {
#pragma unroll
  for (int offset = 16; offset > 0; offset /= 2) x += __shfl_xor_sync(~0u, x, offset);
  return x;
}

// Of elements begin..begin+n-1 of every weight [B, stride]: sums[b] += their bits times their position, and sums[B + b] += how many are
// infinite or not-a-number. Integers wrap, so that the order of summation does not matter.
extern "C" __global__ void checksums(
    const float* weight, unsigned long long* sums, long stride, long begin, long n) {
  const float* own = weight + blockIdx.y * stride + begin;
  unsigned long long sum = 0, others = 0;
  for (long i = (long)blockIdx.x * blockDim.x + threadIdx.x; i < n;
       i += (long)gridDim.x * blockDim.x) {
    // Zeros count the same whatever their sign.
    int bits = __float_as_int(own[i] + 0.0f);
    sum += (unsigned long long)(long)bits * (unsigned long long)(i + 1);
    others += (bits & 0x7f800000) == 0x7f800000;
  }
  sum = over_warp(sum);
  others = over_warp(others);
  if (threadIdx.x % 32 == 0) {
    atomicAdd(sums + blockIdx.y, sum);
    if (others > 0) atomicAdd(sums + gridDim.y + blockIdx.y, others);
  }
}
