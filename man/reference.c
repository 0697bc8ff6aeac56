/*
 * Prints the reference of properties for hull-config(5) from the tables of oci/.
 */
#include "oci/explain.h"

int main(void)
{
	oci_reference_mdoc(stdout);
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
