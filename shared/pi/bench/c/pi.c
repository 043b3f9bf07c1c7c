// What shared/pi is measured against: Monte Carlo pi as one writes it in C, twice.
//
//   pi scalar N   points of two doubles, one xoshiro256++
//   pi avx2 N     eight xoshiro256++ in AVX2 registers; points of two signed 16-bit
//                 coordinates, squared and compared as 32-bit integers
//
// Both make N samples on one core, in 80 parts, each from a seed of its own (avx2: of a
// multiple of 16 samples), and write the samples inside, and the CPU time and the wall
// time in nanoseconds that all parts take at the rate of the fastest. Unlike shared/pi
// the second does not look at points near the circle again: its pi is off by 9e-7.
//
// gcc -O3 -march=native -mno-avx512f: without AVX-512, for AVX2 is what is compared.
#include <immintrin.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t splitmix64(uint64_t *s) {
	uint64_t z = (*s += 0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static inline uint64_t rotl(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

static inline uint64_t next(uint64_t s[4]) {
	uint64_t result = rotl(s[0] + s[3], 23) + s[0], t = s[1] << 17;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

static int64_t scalar(int64_t n, uint64_t seed) {
	uint64_t s[4];
	for (int i = 0; i < 4; i++) s[i] = splitmix64(&seed);
	int64_t inside = 0;
	for (int64_t i = 0; i < n; i++) {
		double x = (double)(next(s) >> 11) * 0x1p-53;
		double y = (double)(next(s) >> 11) * 0x1p-53;
		inside += x * x + y * y < 1;
	}
	return inside;
}

#define ROTL(v, k) _mm256_or_si256(_mm256_slli_epi64(v, k), _mm256_srli_epi64(v, 64 - (k)))

static inline __m256i next4(__m256i s[4]) {
	__m256i sum = _mm256_add_epi64(s[0], s[3]);
	__m256i result = _mm256_add_epi64(ROTL(sum, 23), s[0]);
	__m256i t = _mm256_slli_epi64(s[1], 17);
	s[2] = _mm256_xor_si256(s[2], s[0]);
	s[3] = _mm256_xor_si256(s[3], s[1]);
	s[1] = _mm256_xor_si256(s[1], s[2]);
	s[0] = _mm256_xor_si256(s[0], s[3]);
	s[2] = _mm256_xor_si256(s[2], t);
	s[3] = ROTL(s[3], 45);
	return result;
}

enum { GROUPS = 2, GROUP_SAMPLES = 8 }; // of four generators; two fit the registers

// within returns -1 in each 32 bits that hold a point inside: two coordinates.
static inline __m256i within(__m256i points) {
	__m256i x = _mm256_srai_epi32(_mm256_slli_epi32(points, 16), 16);
	__m256i y = _mm256_srai_epi32(points, 16);
	__m256i r2 = _mm256_add_epi32(_mm256_mullo_epi32(x, x), _mm256_mullo_epi32(y, y));
	// At most 2^31, of which the sign is then set: halved as unsigned it is compared.
	return _mm256_cmpgt_epi32(_mm256_set1_epi32(1 << 29), _mm256_srli_epi32(r2, 1));
}

static int64_t avx2(int64_t n, uint64_t seed) {
	__m256i s[GROUPS][4];
	for (int g = 0; g < GROUPS; g++)
		for (int i = 0; i < 4; i++) {
			uint64_t lanes[4];
			for (int l = 0; l < 4; l++) lanes[l] = splitmix64(&seed);
			s[g][i] = _mm256_loadu_si256((const __m256i *)lanes);
		}
	int64_t inside = 0;
	for (int64_t rounds = (n + GROUPS * GROUP_SAMPLES - 1) / (GROUPS * GROUP_SAMPLES); rounds > 0;) {
		int64_t some = rounds < 1 << 30 ? rounds : 1 << 30; // 32-bit counters hold so many
		rounds -= some;
		__m256i count = _mm256_setzero_si256();
		for (int64_t i = 0; i < some; i++)
			for (int g = 0; g < GROUPS; g++)
				count = _mm256_sub_epi32(count, within(next4(s[g])));
		uint32_t counts[8];
		_mm256_storeu_si256((__m256i *)counts, count);
		for (int i = 0; i < 8; i++) inside += counts[i];
	}
	return inside;
}

static int64_t ns(clockid_t clock) {
	struct timespec t;
	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

enum { PARTS = 80 };

static int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }

int main(int argc, char **argv) {
	if (argc != 3 || (strcmp(argv[1], "scalar") && strcmp(argv[1], "avx2"))) {
		fprintf(stderr, "usage: pi scalar|avx2 N\n");
		return 2;
	}
	int64_t part = strtoll(argv[2], NULL, 10) / PARTS, inside = 0, cpu = INT64_MAX, wall = INT64_MAX;
	for (uint64_t seed = 1; seed <= PARTS; seed++) {
		int64_t cpu_before = ns(CLOCK_PROCESS_CPUTIME_ID), wall_before = ns(CLOCK_MONOTONIC);
		inside += strcmp(argv[1], "scalar") ? avx2(part, seed) : scalar(part, seed);
		cpu = min(cpu, ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_before);
		wall = min(wall, ns(CLOCK_MONOTONIC) - wall_before);
	}
	printf("%" PRId64 " %" PRId64 " %" PRId64 "\n", inside, cpu * PARTS, wall * PARTS);
	return 0;
}
