package org.alphaquant.gptq;

/** GPTQ as the paper's algorithm 1 says, in double precision and without any cleverness. */
final class PaperGptq {

  private PaperGptq() {}

  static double[][] quantize(
      double[][] weight, double[][] hessian, float[] scales, int groupSize, double damp) {
    int inputs = hessian.length;
    int outputs = weight.length;
    double mean = 0;
    for (int i = 0; i < inputs; i++) {
      mean += hessian[i][i] / inputs;
    }
    double[][] damped = new double[inputs][];
    for (int i = 0; i < inputs; i++) {
      damped[i] = hessian[i].clone();
      damped[i][i] += damp * mean;
    }
    double[][] upper = transpose(cholesky(inverse(damped)));
    double[][] quantized = new double[outputs][inputs];
    for (int r = 0; r < outputs; r++) {
      double[] w = weight[r].clone();
      for (int k = 0; k < inputs; k++) {
        double scale = scales[r * (inputs / groupSize) + k / groupSize];
        double q = Math.max(-8, Math.min(7, Math.rint(w[k] / scale))) * scale;
        double error = (w[k] - q) / upper[k][k];
        quantized[r][k] = q;
        for (int j = k; j < inputs; j++) {
          w[j] -= error * upper[k][j];
        }
      }
    }
    return quantized;
  }

  private static double[][] cholesky(double[][] a) {
    int n = a.length;
    double[][] l = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        double sum = a[i][j];
        for (int k = 0; k < j; k++) {
          sum -= l[i][k] * l[j][k];
        }
        l[i][j] = i == j ? Math.sqrt(sum) : sum / l[j][j];
      }
    }
    return l;
  }

  private static double[][] inverse(double[][] a) {
    int n = a.length;
    double[][] work = new double[n][2 * n];
    for (int i = 0; i < n; i++) {
      System.arraycopy(a[i], 0, work[i], 0, n);
      work[i][n + i] = 1;
    }
    for (int p = 0; p < n; p++) {
      double pivot = work[p][p];
      for (int j = 0; j < 2 * n; j++) {
        work[p][j] /= pivot;
      }
      for (int i = 0; i < n; i++) {
        double factor = work[i][p];
        for (int j = 0; i != p && j < 2 * n; j++) {
          work[i][j] -= factor * work[p][j];
        }
      }
    }
    double[][] inverse = new double[n][n];
    for (int i = 0; i < n; i++) {
      System.arraycopy(work[i], n, inverse[i], 0, n);
    }
    return inverse;
  }

  private static double[][] transpose(double[][] a) {
    double[][] t = new double[a.length][a.length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < a.length; j++) {
        t[j][i] = a[i][j];
      }
    }
    return t;
  }
}
