// What torchscript/gram.py, moments.py and shrinkage.py do over tokens whose scripts pass over their arrays several times or launch many
// kernels.

// y[index[start + i]] += weights[start + i] out[i] of a row [K] for each block. No row comes twice.
extern "C" __global__ void add_weighted(
    float* y, const float* out, const long* index, const float* weights, int K, long start) {
  long i = start + blockIdx.x;
  float* to = y + index[i] * K;
  const float* row = out + (long)blockIdx.x * K;
  float weight = weights[i];
  for (int k = threadIdx.x; k < K; k += blockDim.x) to[k] += row[k] * weight;
}

// |x|^2 of every row of x [n, K], a warp for each, into squares from `first` on; raises *most to the largest |x|.
extern "C" __global__ void row_squares(
    const float* x, double* squares, float* most, int K, long n, long first) {
  long i = ((long)blockIdx.x * blockDim.x + threadIdx.x) / 32;
  double sum = 0.0;
  float largest = 0.0f;
  if (i < n) {
    for (int k = threadIdx.x % 32; k < K; k += 32) {
      float value = x[i * K + k];
      sum += value * value;
      largest = larger(largest, fabsf(value));
    }
  }
  sum = summed(sum);
  if (i < n && threadIdx.x % 32 == 0) squares[first + i] = sum;
  largest = largest_of_block(largest);
  if (threadIdx.x == 0) raise(most, largest);
}

__device__ inline float swiglu(float gate, float up) { return gate / (1.0f + expf(-gate)) * up; }

// feed_forward.swiglu_stacked of every row of gate_up [n, 2M], a block for each, into a [n, M], and what row_squares gives of it.
extern "C" __global__ void swiglu_rows(
    const float* gate_up, float* a, double* squares, float* most, int M) {
  const float* gate = gate_up + (long)blockIdx.x * 2 * M;
  const float* up = gate + M;
  float* to = a + (long)blockIdx.x * M;
  double sum = 0.0;
  float largest = 0.0f;
  if (M % 4 == 0) {
    for (int k = threadIdx.x * 4; k < M; k += blockDim.x * 4) {
      float4 g = *(const float4*)(gate + k), u = *(const float4*)(up + k);
      float4 four = make_float4(swiglu(g.x, u.x), swiglu(g.y, u.y), swiglu(g.z, u.z), swiglu(g.w, u.w));
      *(float4*)(to + k) = four;
      sum += (double)(four.x * four.x) + (double)(four.y * four.y) + (double)(four.z * four.z) + (double)(four.w * four.w);
      largest = larger(largest, larger(larger(fabsf(four.x), fabsf(four.y)), larger(fabsf(four.z), fabsf(four.w))));
    }
  } else {
    for (int k = threadIdx.x; k < M; k += blockDim.x) {
      float value = swiglu(gate[k], up[k]);
      to[k] = value;
      sum += value * value;
      largest = larger(largest, fabsf(value));
    }
  }
  sum = sum_of_block(sum);
  largest = largest_of_block(largest);
  if (threadIdx.x > 0) return;
  squares[blockIdx.x] = sum;
  raise(most, largest);
}

// moments.all_weight_sums [E, 3], a block for each expert.
extern "C" __global__ void weight_sums(
    const float* weights, const long* offsets, double* sums, float power) {
  long begin = offsets[blockIdx.x], end = offsets[blockIdx.x + 1];
  double own = 0.0, squares = 0.0;
  for (long i = begin + threadIdx.x; i < end; i += blockDim.x) {
    double w = token_weight(weights[i], power);
    own += w;
    squares += w * w;
  }
  own = sum_of_block(own);
  squares = sum_of_block(squares);
  if (threadIdx.x > 0) return;
  sums[blockIdx.x * 3] = end - begin;
  sums[blockIdx.x * 3 + 1] = own;
  sums[blockIdx.x * 3 + 2] = squares;
}

// moments.of_squares, and with an index moments.of_inputs, of experts from `first` on, a block for each. Without an index `squares` begins
// with the first one's.
extern "C" __global__ void fourth_sums(
    const double* squares, const long* index, const float* weights, const long* offsets, double* sums, int first, float power) {
  const long* own = offsets + first + blockIdx.x;
  double sum = 0.0;
  for (long i = own[0] + threadIdx.x; i < own[1]; i += blockDim.x) {
    double w = token_weight(weights[i], power), s = squares[index == nullptr ? i - offsets[first] : index[i]];
    sum += w * w * s * s;
  }
  sum = sum_of_block(sum);
  if (threadIdx.x == 0) sums[blockIdx.x] = sum;
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
