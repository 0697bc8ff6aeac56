/*
 * Prints the reference of properties for hull-config(5), as the build's tables have it.
 */
#include "oci/explain.h"

int main(void)
{
	oci_reference_mdoc(stdout);
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
