// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The root zone's way to the hypervisor: a platform device of the board's tree
 *
 *	hvisor {
 *		compatible = "hvisor,hypervisor";
 *		interrupts = <0 180 1>;
 *	};
 *
 * whose one interrupt says that HV_CALL_EVENTS has news, and /dev/hvisor.
 */
#include <linux/interrupt.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>

#include "call.h"
#include "events.h"
#include "handle.h"
#include "slot.h"

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "hvisor",
	.fops = &handle_fops,
	.mode = 0600,
};

static irqreturn_t main_interrupt(int irq, void *data)
{
	return IRQ_RETVAL(events_deliver());
}

static int main_check_version(struct device *dev)
{
	struct call_result result;
	int err = call(HV_CALL_VERSION, 0, 0, 0, 0, &result);

	if (err)
		return dev_err_probe(dev, err,
				     "no answer to HV_CALL_VERSION: not the root zone of hvisor?\n");
	if (result.x1 != HV_ABI_VERSION)
		return dev_err_probe(dev, -EPROTO, "the hypervisor speaks ABI version %llu, this driver %u\n",
				     result.x1, HV_ABI_VERSION);
	return 0;
}

static int main_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	int irq, err;

	/* One hypervisor, one device: the state behind it is global. */
	if (device.this_device)
		return dev_err_probe(dev, -EBUSY, "there is a hypervisor already\n");
	err = main_check_version(dev);
	if (err)
		return err;
	irq = platform_get_irq(pdev, 0);
	if (irq < 0)
		return irq;
	/* In the interrupt itself: a vCPU of a zone may be waiting for what it announces. */
	err = devm_request_irq(dev, irq, main_interrupt, 0, "hvisor", NULL);
	if (err)
		return dev_err_probe(dev, err, "interrupt %d\n", irq);
	/* Events from before this module was loaded: EL2 raised its interrupt for them already. */
	events_deliver();
	err = misc_register(&device);
	if (err)
		return dev_err_probe(dev, err, "/dev/hvisor\n");
	dev_info(dev, "ABI version %u\n", HV_ABI_VERSION);
	return 0;
}

/* Not while a handle is open. Zones that run do not notice. */
static int main_remove(struct platform_device *pdev)
{
	misc_deregister(&device);
	return 0;
}

static const struct of_device_id main_of_match[] = { { .compatible = "hvisor,hypervisor" }, {} };
MODULE_DEVICE_TABLE(of, main_of_match);

static struct platform_driver main_driver = {
	.probe = main_probe,
	.remove = main_remove,
	.driver = {
		.name = "hvisor",
		.of_match_table = main_of_match,
		/* Only unloading the module, which open handles prevent, takes the device away. */
		.suppress_bind_attrs = true,
	},
};

static int __init main_init(void)
{
	slot_init_all();
	return platform_driver_register(&main_driver);
}
module_init(main_init);

static void __exit main_exit(void)
{
	platform_driver_unregister(&main_driver);
}
module_exit(main_exit);

MODULE_DESCRIPTION("hvisor: zones of a partitioning hypervisor, from its root zone");
MODULE_LICENSE("GPL");
