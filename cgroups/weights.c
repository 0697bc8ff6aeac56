#include "cgroups/weights.h"

/* log2 of a number > 0 by squaring, to better than 1e-14. The mathematics library would have to be loaded at every
 * start. */
static double log2_of(double number)
{
	double whole = 0, fraction = 0, bit = 0.5;
	while (number >= 2) {
		number /= 2;
		whole++;
	}
	for (int i = 0; i < 50; i++, bit /= 2) {
		number *= number;
		if (number >= 2) {
			number /= 2;
			fraction += bit;
		}
	}
	return whole + fraction;
}

/* runc (since 1.3.2) and crun (since 1.23) join the ends and the defaults of both scales, (2, 1), (1024, 100),
 * (262144, 10000), by 10^((l^2 + 125 l) / 612 - 7 / 34), rounded up, with l = log2(shares). The smallest weight whose
 * logarithm is not below: by halving. */
uint64_t cpu_weight_of(uint64_t shares)
{
	enum { SHARES_MIN = 2, SHARES_MAX = 262144, WEIGHT_MAX = 10000 };
	const double log2_of_10 = 3.321928094887362348;
	if (shares <= SHARES_MIN)
		return 1;
	if (shares >= SHARES_MAX)
		return WEIGHT_MAX;
	double l = log2_of((double)shares);
	double exponent = ((l * l + 125 * l) / 612 - 7.0 / 34) * log2_of_10;
	uint64_t low = 1, high = WEIGHT_MAX;
	while (low < high) {
		uint64_t middle = (low + high) / 2;
		if (log2_of((double)middle) >= exponent - 1e-12)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

uint64_t io_weight_of(uint64_t weight)
{
	return 1 + (weight - 10) * 9999 / 990;
}
